import MySQLWire
import ProxyCore
import Testing

@Suite("Session machine: injections")
struct SessionMachineInjectionTests {
    typealias Machine = SessionMachine

    @Test("an injected query's answer that nobody needs is relayed as it comes")
    func relayed() {
        var machine = Machine.loggedIn(.query)
        _ = machine.client(Machine.query)
        #expect(machine.commandDecided(.inject) == .init(backend: .sendInjection))
        #expect(machine.injectionSent(.query, packets: 1, needsResult: false) == .wait)
        #expect(
            machine.backend(packet(1, Machine.okay)) == .init(consumed: 11, client: .relay, consult: .result))
        #expect(machine.resultDecided(.forward, more: false) == .wait)
        #expect(machine.state == .readQuery)
    }

    @Test("an answer that a hook needs is kept, and then sent, replaced or dropped")
    func kept() {
        var forwarded = Machine.injecting(needsResult: true)
        #expect(
            forwarded.backend(packet(1, Machine.okay)) == .init(consumed: 11, client: .keep, consult: .result))
        #expect(forwarded.resultDecided(.forward, more: false) == .init(client: .sendKept(sequence: 1)))
        var replaced = Machine.injecting(needsResult: true)
        _ = replaced.backend(packet(1, Machine.okay))
        #expect(replaced.resultDecided(.replace, more: false) == .init(client: .send(sequence: 1)))
        var dropped = Machine.injecting(needsResult: true)
        _ = dropped.backend(packet(1, Machine.okay))
        #expect(
            dropped.resultDecided(.drop, more: false) == .init(client: .notify(.nothingAnswered, sequence: 1)))
        #expect(dropped.state == .readQuery)
    }

    @Test("the client gets one answer of several, the first that is not dropped")
    func several() {
        var machine = Machine.injecting(needsResult: true)
        _ = machine.backend(packet(1, Machine.okay))
        #expect(machine.resultDecided(.drop, more: true) == .init(backend: .sendInjection))
        #expect(machine.injectionSent(.query, packets: 1, needsResult: false) == .wait)
        #expect(
            machine.backend(packet(1, Machine.okay)) == .init(consumed: 11, client: .relay, consult: .result))
        #expect(machine.resultDecided(.forward, more: true) == .init(backend: .sendInjection))
        #expect(machine.injectionSent(.query, packets: 1, needsResult: false) == .wait)
        #expect(
            machine.backend(packet(1, Machine.okay)) == .init(consumed: 11, client: .discard, consult: .result))
        #expect(machine.resultDecided(.forward, more: true) == .init(backend: .sendInjection))
        #expect(machine.injectionSent(.query, packets: 1, needsResult: true) == .wait)
        #expect(machine.backend(packet(1, Machine.okay)) == .init(consumed: 11, client: .keep, consult: .result))
        #expect(machine.resultDecided(.forward, more: false) == .wait)
        #expect(machine.state == .readQuery)
    }

    @Test("a query of more packets than the client's is kept, to be numbered anew")
    func renumbered() {
        var machine = Machine.injecting(packets: 3, needsResult: false)
        #expect(
            machine.backend(packet(3, Machine.okay)) == .init(consumed: 11, client: .keep, consult: .result))
        #expect(machine.resultDecided(.forward, more: false) == .init(client: .sendKept(sequence: 1)))
    }

    @Test("an injected command without an answer is no answer for the client")
    func withoutAnswer() {
        var machine = Machine.loggedIn(.query)
        _ = machine.client(Machine.query)
        _ = machine.commandDecided(.inject)
        #expect(
            machine.injectionSent(.closeStatement, packets: 1, needsResult: true) == .init(consult: .result))
        #expect(machine.resultDecided(.forward, more: true) == .init(backend: .sendInjection))
        #expect(machine.injectionSent(.query, packets: 1, needsResult: true) == .wait)
        _ = machine.backend(packet(1, Machine.okay))
        #expect(machine.resultDecided(.forward, more: false) == .init(client: .sendKept(sequence: 1)))
    }

    @Test("a command that wants no answer gets none of its injections' answers")
    func forSilentCommand() {
        let close = packet(0, Command.closeStatement.payload(number: 1))
        var machine = Machine.injecting(needsResult: false, client: close)
        #expect(
            machine.backend(packet(1, Machine.okay)) == .init(consumed: 11, client: .discard, consult: .result))
        #expect(machine.resultDecided(.forward, more: false) == .wait)
        #expect(machine.state == .readQuery)
    }

    @Test("injections in place of COM_QUIT end the session after the last")
    func forQuit() {
        var machine = Machine.injecting(needsResult: false, client: packet(0, [1]))
        _ = machine.backend(packet(1, Machine.okay))
        #expect(machine.resultDecided(.forward, more: false) == .init(end: .clientQuit))
    }

    @Test("LOCAL INFILE in a kept answer: the request goes to the client, the answer is numbered behind the file")
    func localInfile() {
        var machine = Machine.injecting(needsResult: true)
        #expect(machine.backend(packet(1, [0xFB, 0x66])) == .init(consumed: 6, client: .relayKept))
        _ = machine.client(packet(2, [1]))
        _ = machine.client([0, 0, 0, 3])
        #expect(
            machine.backend(packet(4, Machine.okay)) == .init(consumed: 11, client: .keep, consult: .result))
        #expect(machine.resultDecided(.forward, more: false) == .init(client: .sendKept(sequence: 4)))
    }

    @Test("a backend that dies in a kept answer leaves an ERR in its place")
    func deathWhileKeeping() {
        var machine = Machine.injecting(needsResult: true)
        _ = machine.backend(Array(packet(1, Machine.error)[..<9]))
        #expect(
            machine.backendLost()
                == .init(client: .notify(.backendLost, sequence: 1), end: .backendLost(.readQueryResult)))
    }

    @Test("who has the answer already hears nothing of what goes wrong behind it")
    func deathAfterAnswer() {
        var machine = Machine.injecting(needsResult: false)
        _ = machine.backend(packet(1, Machine.okay))
        var held = machine
        #expect(held.holdExpired() == .init(end: .holdTimeout))
        _ = machine.resultDecided(.forward, more: true)
        _ = machine.injectionSent(.query, packets: 1, needsResult: true)
        #expect(machine.backendLost() == .init(end: .backendLost(.readQueryResult)))
    }

    @Test("without a backend, injections are refused")
    func withoutBackend() {
        var machine = SessionMachine(subscribed: .query)
        _ = machine.clientAccepted()
        _ = machine.greetingGiven(capabilities: [])
        _ = machine.client(packet(1, [1]))
        _ = machine.loginDecided(.answer(isOK: true), capabilities: [])
        _ = machine.client(Machine.query)
        #expect(machine.commandDecided(.inject) == .init(client: .notify(.noBackend, sequence: 1)))
        #expect(machine.state == .readQuery)
    }
}
