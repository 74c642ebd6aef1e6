import MySQLWire
import ProxyCore
import Testing

@Suite("Session machine: connect and login")
struct SessionMachineLoginTests {
    typealias Machine = SessionMachine

    @Test("a client is asked for a backend, which is connected")
    func connect() {
        var machine = Machine(subscribed: [])
        #expect(machine.clientAccepted() == .init(consult: .connect))
        #expect(machine.client([1, 2]) == .wait)
        #expect(machine.backendChosen() == .init(backend: .connect))
        #expect(machine.backendConnected() == .wait)
        #expect(machine.state == .readHandshake)
    }

    @Test("a backend that fails, before or after it is connected, makes room for the next one")
    func nextBackend() {
        var machine = Machine(subscribed: [])
        _ = machine.clientAccepted()
        _ = machine.backendChosen()
        #expect(machine.connectFailed() == .init(consult: .connect))
        #expect(machine.backendChosen() == .init(backend: .connect))
        #expect(machine.backendConnected() == .wait)
        #expect(machine.backendLost() == .init(consult: .connect))
        #expect(machine.state == .connectServer)
    }

    @Test("hooks refuse with an ERR numbered as a greeting is")
    func refused() {
        var machine = Machine(subscribed: [])
        _ = machine.clientAccepted()
        #expect(machine.refused() == .init(client: .send(sequence: 0), end: .plugin))
        #expect(machine.connectFailed() == .wait)
        #expect(machine.clientLost() == .wait)
    }

    @Test("a torn greeting waits, a whole one is asked about, and goes to the client")
    func greeting() {
        var machine = Machine.connected()
        let greeting = packet(0, [10, 1, 2, 3])
        for count in 0..<greeting.count {
            #expect(machine.backend(Array(greeting[..<count])) == .wait)
        }
        #expect(machine.backend(greeting) == .init(consumed: 8, consult: .handshake))
        #expect(machine.handshakeDecided(offered: Machine.capabilities) == .init(client: .send(sequence: 0)))
        #expect(machine.state == .readAuth)
    }

    @Test("an ERR in the greeting's place is passed on")
    func refusal() {
        var machine = Machine.connected()
        let error = packet(0, Machine.error)
        #expect(machine.backend(error) == .init(consumed: error.count, client: .relay, end: .loginRefused))
    }

    @Test("a greeting out of sequence, empty or endless ends the session")
    func badGreetings() {
        var outOfSequence = Machine.connected()
        #expect(
            outOfSequence.backend(packet(1, [10]))
                == .init(end: .backendViolation(.sequence(expected: 0, found: 1))))
        var empty = Machine.connected()
        #expect(empty.backend([0, 0, 0, 0]) == .init(end: .backendViolation(.greeting)))
        var endless = Machine.connected()
        #expect(endless.backend([0xFF, 0xFF, 0xFF, 0]) == .init(end: .backendViolation(.greeting)))
    }

    @Test("a login is asked about whole, and relayed; its OK opens the command phase")
    func login() {
        var machine = Machine.greeted()
        let login = packet(1, [1, 2, 3])
        #expect(machine.client(Array(login[..<6])) == .wait)
        #expect(machine.client(login) == .init(consumed: 7, consult: .auth))
        #expect(machine.loginDecided(.forward, capabilities: Machine.capabilities) == .init(backend: .relay))
        #expect(machine.client([9]) == .wait)
        #expect(machine.backend(packet(2, Machine.okay)) == .init(consumed: 11, client: .relay))
        #expect(machine.state == .readQuery && machine.isLoggedIn)
    }

    @Test("a login may be replaced, or answered by a hook")
    func decided() {
        var replaced = Machine.greeted()
        _ = replaced.client(packet(1, [1]))
        #expect(replaced.loginDecided(.replace, capabilities: []) == .init(backend: .send(sequence: 1)))
        var welcome = Machine.greeted()
        _ = welcome.client(packet(1, [1]))
        #expect(welcome.loginDecided(.answer(isOK: true), capabilities: []) == .init(client: .send(sequence: 2)))
        #expect(welcome.state == .readQuery)
        var unwelcome = Machine.greeted()
        _ = unwelcome.client(packet(1, [1]))
        #expect(
            unwelcome.loginDecided(.answer(isOK: false), capabilities: [])
                == .init(client: .send(sequence: 2), end: .plugin))
    }

    @Test("an ERR to a login ends the session")
    func loginRefused() {
        var machine = Machine.loggingIn()
        let error = packet(2, Machine.error)
        #expect(machine.backend(error) == .init(consumed: error.count, client: .relay, end: .loginRefused))
    }

    @Test("an auth switch: the client answers, then comes the OK")
    func authSwitch() {
        var machine = Machine.loggingIn()
        #expect(machine.backend(packet(2, [0xFE, 0x61, 0])) == .init(consumed: 7, client: .relay))
        #expect(machine.state == .readAuthOldPassword)
        #expect(machine.client([4, 0, 0]) == .wait)
        #expect(machine.client(packet(3, [1, 2, 3, 4])) == .init(consumed: 8, backend: .relay))
        #expect(machine.backend(packet(4, Machine.okay)) == .init(consumed: 11, client: .relay))
        #expect(machine.state == .readQuery)
    }

    @Test("caching_sha2_password found in the cache: the server goes on by itself")
    func cachingFast() {
        var machine = Machine.loggingIn()
        #expect(machine.backend(packet(2, [1, 3])) == .init(consumed: 6, client: .relay))
        #expect(machine.state == .readAuthResult)
        #expect(machine.backend(packet(3, Machine.okay)) == .init(consumed: 11, client: .relay))
        #expect(machine.state == .readQuery)
    }

    @Test("caching_sha2_password in full: key and password go to and fro")
    func cachingFull() {
        var machine = Machine.loggingIn()
        #expect(machine.backend(packet(2, [1, 4])) == .init(consumed: 6, client: .relay))
        #expect(machine.client(packet(3, [2])) == .init(consumed: 5, backend: .relay))
        #expect(machine.backend(packet(4, [1, 0x2D, 0x2D])) == .init(consumed: 7, client: .relay))
        #expect(machine.client(packet(5, [8, 8, 8])) == .init(consumed: 7, backend: .relay))
        #expect(machine.backend(packet(6, Machine.okay)) == .init(consumed: 11, client: .relay))
        #expect(machine.isLoggedIn)
    }

    @Test("auth-result hooks are asked about every whole packet, and may replace it")
    func authResultHooks() {
        var machine = Machine.loggingIn(.authResult)
        let more = packet(2, [1, 3])
        #expect(machine.backend(Array(more[..<5])) == .wait)
        #expect(machine.backend(more) == .init(consumed: 6, consult: .authResult))
        #expect(machine.authResultDecided(more.span, isReplaced: false) == .init(consumed: 6, client: .relay))
        let okay = packet(3, Machine.okay)
        #expect(machine.backend(okay) == .init(consumed: 11, consult: .authResult))
        #expect(
            machine.authResultDecided(okay.span, isReplaced: true) == .init(consumed: 11, client: .send(sequence: 3)))
        #expect(machine.state == .readQuery)
    }

    @Test("a client's broken login gets the ERR that a client expects behind its own packet")
    func violations() {
        var outOfSequence = Machine.greeted()
        #expect(
            outOfSequence.client(packet(5, [1]))
                == .init(
                    client: .notify(.packetsOutOfOrder, sequence: 2),
                    end: .clientViolation(.sequence(expected: 1, found: 5))))
        var empty = Machine.greeted()
        #expect(
            empty.client([0, 0, 0, 1])
                == .init(client: .notify(.badHandshake, sequence: 2), end: .clientViolation(.emptyPacket)))
        var oversized = Machine.greeted()
        #expect(
            oversized.client([0, 0, 0x20, 1])
                == .init(
                    client: .notify(.badHandshake, sequence: 2),
                    end: .clientViolation(.oversizedLogin(length: 0x20_0000))))
        var encrypted = Machine.greeted()
        _ = encrypted.client(packet(1, [1]))
        #expect(
            encrypted.loginDecided(.forward, capabilities: .ssl)
                == .init(client: .notify(.badHandshake, sequence: 2), end: .clientViolation(.capabilityNotOffered)))
        var unreadable = Machine.greeted()
        _ = unreadable.client(packet(1, [1]))
        #expect(
            unreadable.loginRejected(.login)
                == .init(client: .notify(.badHandshake, sequence: 2), end: .clientViolation(.login)))
    }

    @Test("a backend that speaks while the client logs in breaks the protocol")
    func outOfTurn() {
        var machine = Machine.greeted()
        #expect(machine.backend([1]) == .init(end: .backendViolation(.unexpectedBytes)))
    }

    @Test("hooks greet by themselves: there is no backend to forward to")
    func withoutBackend() {
        var machine = Machine(subscribed: .query)
        _ = machine.clientAccepted()
        #expect(machine.greetingGiven(capabilities: Machine.capabilities) == .init(client: .send(sequence: 0)))
        _ = machine.client(packet(1, [1]))
        #expect(machine.loginDecided(.answer(isOK: true), capabilities: []) == .init(client: .send(sequence: 2)))
        #expect(machine.client(Machine.query) == .init(consumed: 7, consult: .query))
        #expect(machine.commandDecided(.forward) == .init(client: .notify(.noBackend, sequence: 1)))
        #expect(machine.client(packet(0, [1])) == .init(consumed: 5, consult: .query))
        #expect(machine.commandDecided(.forward) == .init(end: .clientQuit))
    }
}
