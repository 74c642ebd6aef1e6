import MySQLWire
import ProxyCore
import Testing

@Suite("Session machine: commands and answers")
struct SessionMachineCommandTests {
    typealias Machine = SessionMachine

    @Test("a command is relayed, and its answer")
    func query() {
        var machine = Machine.loggedIn()
        #expect(machine.client(Machine.query) == .init(consumed: 7, backend: .relay))
        #expect(machine.state == .readQueryResult)
        #expect(machine.client(Machine.query) == .wait)
        #expect(machine.backend(packet(1, Machine.okay)) == .init(consumed: 11, client: .relay))
        #expect(machine.state == .readQuery)
    }

    @Test("a command torn at any byte arrives whole", arguments: 0...7)
    func torn(place: Int) {
        var machine = Machine.loggedIn()
        let first = machine.client(Array(Machine.query[..<place]))
        #expect(first == (place < 5 ? .wait : .init(consumed: place, backend: .relay)))
        guard place < 7 else { return }
        let rest = machine.client(Array(Machine.query[first.consumed...]))
        #expect(rest == .init(consumed: 7 - first.consumed, backend: .relay))
        #expect(machine.state == .readQueryResult)
    }

    @Test("a command of 16 MiB goes on in the next packet")
    func continued() {
        var machine = Machine.loggedIn()
        let head: [UInt8] = [0xFF, 0xFF, 0xFF, 0, 3]
        #expect(machine.client(head) == .init(consumed: 5, backend: .relay))
        let rest = [UInt8](repeating: 0x20, count: PacketHeader.maximumPayload - 1)
        #expect(machine.client(rest + [2, 0]) == .init(consumed: rest.count, backend: .relay))
        #expect(machine.state == .sendQuery)
        #expect(machine.client([2, 0]) == .wait)
        #expect(machine.client(packet(1, [0x20, 0x20])) == .init(consumed: 6, backend: .relay))
        #expect(machine.state == .readQueryResult)
        #expect(machine.backend(packet(2, Machine.okay)) == .init(consumed: 11, client: .relay))
    }

    @Test("a part out of sequence gets an ERR behind it")
    func continuedOutOfSequence() {
        var machine = Machine.loggedIn()
        _ = machine.client([0xFF, 0xFF, 0xFF, 0, 3])
        _ = machine.client([UInt8](repeating: 0x20, count: PacketHeader.maximumPayload - 1))
        #expect(
            machine.client(packet(7, [1]))
                == .init(
                    client: .notify(.packetsOutOfOrder, sequence: 1),
                    end: .clientViolation(.sequence(expected: 1, found: 7))))
    }

    @Test("commands without an answer go by, and others behind them in the same bytes")
    func noAnswer() {
        var machine = Machine.loggedIn()
        let close = packet(0, Command.closeStatement.payload(number: 1))
        #expect(machine.client(close + Machine.query) == .init(consumed: 9, backend: .relay))
        #expect(machine.state == .readQuery)
        #expect(machine.client(Machine.query) == .init(consumed: 7, backend: .relay))
    }

    @Test("COM_QUIT ends the session; the goodbye to the backend is the driver's, who may park it")
    func quit() {
        var machine = Machine.loggedIn()
        #expect(machine.client(packet(0, [1])) == .init(consumed: 5, end: .clientQuit))
        #expect(machine.endedBetweenCommands)
        #expect(machine.client([1]) == .init(consumed: 1))
        #expect(machine.backendLost() == .wait)
    }

    @Test("a command out of sequence, or without a payload, gets its ERR and the end")
    func violations() {
        var outOfSequence = Machine.loggedIn()
        #expect(
            outOfSequence.client(packet(3, [3]))
                == .init(
                    client: .notify(.packetsOutOfOrder, sequence: 4),
                    end: .clientViolation(.sequence(expected: 0, found: 3))))
        var empty = Machine.loggedIn()
        #expect(
            empty.client([0, 0, 0, 0])
                == .init(client: .notify(.malformedPacket, sequence: 1), end: .clientViolation(.emptyPacket)))
    }

    @Test("LOCAL INFILE: the file goes to the backend up to an empty packet, and the answer follows")
    func localInfile() {
        var machine = Machine.querying()
        #expect(machine.backend(packet(1, [0xFB, 0x66])) == .init(consumed: 6, client: .relay))
        #expect(machine.client(packet(2, [1, 2, 3])) == .init(consumed: 7, backend: .relay))
        #expect(machine.client(Array(packet(3, [4, 5])[..<5])) == .init(consumed: 5, backend: .relay))
        #expect(machine.client([5]) == .init(consumed: 1, backend: .relay))
        #expect(machine.client([0, 0, 0, 4]) == .init(consumed: 4, backend: .relay))
        #expect(machine.backend(packet(5, Machine.okay)) == .init(consumed: 11, client: .relay))
        #expect(machine.state == .readQuery)
    }

    @Test("a file's packet out of sequence ends the session")
    func fileOutOfSequence() {
        var machine = Machine.sendingFile()
        #expect(
            machine.client(packet(9, [1]))
                == .init(end: .clientViolation(.sequence(expected: 2, found: 9))))
    }

    @Test("COM_CHANGE_USER is a login within the session")
    func changeUser() {
        var machine = Machine.loggedIn()
        #expect(machine.client(packet(0, [17, 0x61])) == .init(consumed: 6, backend: .relay))
        #expect(machine.backend(packet(1, [0xFE, 0x61, 0])) == .init(consumed: 7, client: .relay))
        #expect(machine.client(packet(2, [1])) == .init(consumed: 5, backend: .relay))
        #expect(machine.backend(packet(3, Machine.okay)) == .init(consumed: 11, client: .relay))
        #expect(machine.state == .readQuery)
    }

    @Test("COM_CHANGE_USER may fail, and the session goes on")
    func changeUserFails() {
        var machine = Machine.loggedIn()
        _ = machine.client(packet(0, [17, 0x61]))
        let error = packet(1, Machine.error)
        #expect(machine.backend(error) == .init(consumed: error.count, client: .relay))
        #expect(machine.state == .readQuery)
    }

    @Test("a replication stream is relayed both ways without an end")
    func binlog() {
        var machine = Machine.loggedIn()
        #expect(machine.client(packet(0, [18, 0])) == .init(consumed: 6, backend: .relay))
        let event = packet(1, [0, 1, 2, 3])
        #expect(machine.backend(event + [9, 9]) == .init(consumed: event.count + 2, client: .relay))
        #expect(machine.state == .endlessResult)
        #expect(machine.backend([1, 2, 3]) == .init(consumed: 3, client: .relay))
        #expect(machine.client([4, 5]) == .init(consumed: 2, backend: .relay))
        #expect(machine.backendLost() == .init(end: .backendLost(.endlessResult)))
    }

    @Test("an answer before the command's end is passed on; the rest of the command still goes its way")
    func early() {
        var machine = Machine.loggedIn()
        #expect(machine.client(Array(Machine.query[..<6])) == .init(consumed: 6, backend: .relay))
        let error = packet(1, Machine.error)
        #expect(machine.backend(error) == .init(consumed: error.count, client: .relay))
        #expect(machine.state == .sendQuery)
        #expect(machine.client([Machine.query[6]]) == .init(consumed: 1, backend: .relay))
        #expect(machine.state == .readQuery)
    }

    @Test("a server may refuse a command of several packets behind any of them", arguments: [1, 2] as [UInt8])
    func earlyInParts(sequence: UInt8) {
        var machine = Machine.loggedIn()
        _ = machine.client([0xFF, 0xFF, 0xFF, 0, 3])
        _ = machine.client([UInt8](repeating: 0x20, count: PacketHeader.maximumPayload - 1))
        #expect(machine.client(Array(packet(1, [1, 2])[..<5])) == .init(consumed: 5, backend: .relay))
        let error = packet(sequence, Machine.error)
        #expect(machine.backend(error) == .init(consumed: error.count, client: .relay))
        #expect(machine.client([2]) == .init(consumed: 1, backend: .relay))
        #expect(machine.state == .readQuery)
    }

    @Test("after an early answer, the backend's death has no second one")
    func earlyThenDeath() {
        var machine = Machine.loggedIn()
        _ = machine.client(Array(Machine.query[..<6]))
        _ = machine.backend(packet(1, Machine.error))
        #expect(machine.backendLost() == .init(end: .backendLost(.sendQuery)))
    }

    @Test("an early answer that breaks off gets no ERR in its midst")
    func earlyTorn() {
        var machine = Machine.loggedIn()
        _ = machine.client(Array(Machine.query[..<6]))
        _ = machine.backend(Array(packet(1, Machine.error)[..<8]))
        #expect(machine.backendLost() == .init(end: .backendLost(.sendQuery)))
    }

    @Test("an ERR that nobody asked for is passed on before the end, anything else breaks the protocol")
    func unsolicited() {
        var machine = Machine.loggedIn()
        let error = packet(0, Machine.error)
        #expect(machine.backend(Array(error[..<7])) == .wait)
        #expect(
            machine.backend(error) == .init(consumed: error.count, client: .relay, end: .backendLost(.readQuery)))
        var other = Machine.loggedIn()
        #expect(other.backend(packet(0, Machine.okay)) == .init(end: .backendViolation(.unexpectedBytes)))
    }

    @Test("an answer that breaks the protocol becomes an ERR where a packet may begin")
    func brokenAnswer() {
        var machine = Machine.querying()
        #expect(
            machine.backend(packet(9, Machine.okay))
                == .init(
                    client: .notify(.backendViolation, sequence: 1),
                    end: .backendViolation(.answer(.outOfSequence(expected: 1, found: 9)))))
    }

    @Test("query hooks see the command whole, all parts")
    func hooked() {
        var machine = Machine.loggedIn(.query)
        for count in 0..<7 { #expect(machine.client(Array(Machine.query[..<count])) == .wait) }
        #expect(machine.client(Machine.query + Machine.query) == .init(consumed: 7, consult: .query))
        #expect(machine.commandDecided(.forward) == .init(backend: .relay))
        #expect(machine.state == .readQueryResult)
        var long = Machine.loggedIn(.query)
        let parts = [0xFF, 0xFF, 0xFF, 0] + [UInt8](repeating: 3, count: PacketHeader.maximumPayload) + packet(1, [])
        #expect(long.client(Array(parts.dropLast())) == .wait)
        #expect(long.client(parts) == .init(consumed: parts.count, consult: .query))
        #expect(long.commandDecided(.answer) == .init(client: .send(sequence: 2)))
        #expect(long.state == .readQuery)
    }

    @Test("a hook's answer to a command that wants none is not sent")
    func answeredInSilence() {
        var machine = Machine.loggedIn(.query)
        _ = machine.client(packet(0, Command.closeStatement.payload(number: 1)))
        #expect(machine.commandDecided(.answer) == .wait)
        _ = machine.client(packet(0, [1]))
        #expect(machine.commandDecided(.answer) == .init(end: .clientQuit))
    }
}
