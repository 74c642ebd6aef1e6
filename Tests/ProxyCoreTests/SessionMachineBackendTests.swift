import MySQLWire
import ProxyCore
import Testing

@Suite("Session machine: parked and taken connections")
struct SessionMachineBackendTests {
    typealias Machine = SessionMachine

    @Test("a connection of another session is reset and brought to the schema, unseen, before the command goes out")
    func prepares() {
        var machine = Machine.parked()
        machine.backendTaken(status: .autocommit, preparation: [.reset, .schema])
        #expect(machine.preparationBegun(without: []) == .init(backend: .sendReset))
        #expect(machine.state == .prepareBackend)
        #expect(machine.client(Machine.query) == .wait)
        #expect(machine.backend(Array(packet(1, Machine.okay)[..<9])) == .wait)
        #expect(machine.backend(packet(1, Machine.okay)) == .init(consumed: 11, backend: .sendSchema))
        #expect(machine.backend(packet(1, Machine.okay)) == .init(consumed: 11, backend: .resumeCommand))
        #expect(machine.preparation == [])
        #expect(machine.commandDecided(.forward) == .init(backend: .relay))
        #expect(machine.backend(packet(1, Machine.okay)) == .init(consumed: 11, client: .relay))
        #expect(machine.state == .readQuery)
    }

    @Test("a session's own connection needs nothing")
    func own() {
        var machine = Machine.parked()
        machine.backendTaken(status: .autocommit, preparation: [])
        #expect(machine.preparationBegun(without: []) == nil)
        #expect(machine.commandDecided(.forward) == .init(backend: .relay))
    }

    @Test("what the command does itself is left to it, and stays due until it has succeeded")
    func needless() {
        var machine = Machine.parked()
        machine.backendTaken(status: .autocommit, preparation: [.reset, .schema])
        #expect(machine.preparationBegun(without: .schema) == .init(backend: .sendReset))
        #expect(machine.backend(packet(1, Machine.okay)) == .init(consumed: 11, backend: .resumeCommand))
        #expect(machine.preparation == .schema)
        _ = machine.commandDecided(.forward)
        _ = machine.backend(packet(1, Machine.error))
        _ = machine.client(Machine.query)
        var successful = machine
        #expect(machine.preparationBegun(without: []) == .init(backend: .sendSchema))
        successful.settled(.schema)
        #expect(successful.preparationBegun(without: []) == nil)
    }

    @Test("an injected query waits likewise; who is answered already hears nothing of it")
    func injected() {
        var machine = Machine.injecting(needsResult: true)
        _ = machine.backend(packet(1, Machine.okay))
        machine.backendParked()
        machine.backendTaken(status: .autocommit, preparation: .reset)
        #expect(
            machine.resultDecided(.forward, more: true)
                == .init(client: .sendKept(sequence: 1), backend: .sendInjection))
        #expect(machine.preparationBegun(without: []) == .init(backend: .sendReset))
        var lost = machine
        #expect(machine.backend(packet(1, Machine.okay)) == .init(consumed: 11, backend: .sendInjection))
        #expect(machine.injectionSent(.query, packets: 1, needsResult: true) == .wait)
        #expect(lost.backendLost() == .init(backend: .replace))
        #expect(lost.backendReplaced() == .init(end: .backendParked))
    }

    @Test("a server that knows no reset, or is gone, makes room for another connection, or for an ERR")
    func useless() {
        var machine = Machine.preparing(.reset)
        #expect(machine.backend(packet(1, Machine.error)) == .init(consumed: 15, backend: .replace))
        var other = machine
        other.backendTaken(status: .autocommit, preparation: .schema)
        #expect(other.backendReplaced() == .init(backend: .sendSchema))
        var own = machine
        own.backendTaken(status: .autocommit, preparation: [])
        #expect(own.backendReplaced() == .init(backend: .resumeCommand))
        #expect(
            machine.backendReplaced() == .init(client: .notify(.backendParked, sequence: 1), end: .backendParked))
    }

    @Test("nonsense in place of the reset's answer ends the connection, not the session")
    func nonsense() {
        var machine = Machine.preparing(.reset)
        #expect(machine.backend(packet(7, Machine.okay)) == .init(consumed: 11, backend: .replace))
    }

    @Test("a schema that is gone is the command's answer, under the command's number, and stays due")
    func schemaGone() {
        var machine = Machine.preparing(.schema)
        #expect(machine.backend(packet(1, Machine.error)) == .init(consumed: 15, client: .relayAs(sequence: 1)))
        #expect(machine.state == .readQuery && machine.preparation == .schema)
    }

    @Test("without a connection a command that wants an answer ends the session, one that wants none is dropped")
    func missing() {
        var machine = Machine.parked()
        var injecting = machine
        var answered = machine
        let end = Answer(client: .notify(.backendParked, sequence: 1), end: .backendParked)
        #expect(machine.commandDecided(.forward) == end)
        #expect(injecting.commandDecided(.inject) == end)
        #expect(answered.commandDecided(.answer) == .init(client: .send(sequence: 1)))
        var closing = Machine.parked(client: packet(0, Command.closeStatement.payload(number: 1)))
        #expect(closing.commandDecided(.forward) == .wait)
        #expect(closing.state == .readQuery)
        var quitting = Machine.parked(client: packet(0, [1]))
        #expect(quitting.commandDecided(.forward) == .init(end: .clientQuit))
    }

    @Test("a session that ends in the midst of something leaves nothing to be parked")
    func endsClean() {
        var idle = Machine.loggedIn()
        _ = idle.clientLost()
        #expect(idle.endedBetweenCommands)
        for var busy in [Machine.querying(), .preparing(.reset), .loggingIn(), .sendingFile()] {
            _ = busy.clientLost()
            #expect(!busy.endedBetweenCommands)
        }
    }
}

@Suite("Session machine: a parked connection for a new client")
struct SessionMachineReuseTests {
    typealias Machine = SessionMachine

    @Test("the login goes out as a command: the client's numbers are one ahead, to the OK", arguments: [false, true])
    func login(isAsked: Bool) {
        var machine = Machine.reused(isAsked ? .authResult : [])
        #expect(machine.client(packet(1, [1, 2, 3])) == .init(consumed: 7, consult: .auth))
        let wanted = Machine.capabilities.union(.connectWithSchema)
        #expect(machine.loginDecided(.forward, capabilities: wanted) == .init(backend: .send(sequence: 0)))
        let ask = packet(1, [0xFE, 0x61, 0])
        if isAsked {
            #expect(machine.backend(ask) == .init(consumed: 7, consult: .authResult))
            #expect(
                machine.authResultDecided(ask.span, isReplaced: false)
                    == .init(consumed: 7, client: .relayAs(sequence: 2)))
        } else {
            #expect(machine.backend(ask) == .init(consumed: 7, client: .relayAs(sequence: 2)))
        }
        #expect(machine.client(packet(3, [9])) == .init(consumed: 5, backend: .relayAs(sequence: 2)))
        if isAsked {
            #expect(
                machine.authResultDecided(packet(3, Machine.okay).span, isReplaced: true)
                    == .init(consumed: 11, client: .send(sequence: 4)))
        } else {
            #expect(machine.backend(packet(3, Machine.okay)) == .init(consumed: 11, client: .relayAs(sequence: 4)))
        }
        #expect(machine.isLoggedIn && !machine.isReused)
        #expect(machine.client(Machine.query) == .init(consumed: 7, backend: .relay))
    }

    @Test("a wrong password is told under the client's number, and the end")
    func refused() {
        var machine = Machine.reused()
        _ = machine.client(packet(1, [1, 2, 3]))
        _ = machine.loginDecided(.forward, capabilities: Machine.capabilities)
        #expect(
            machine.backend(packet(1, Machine.error))
                == .init(consumed: 15, client: .relayAs(sequence: 2), end: .loginRefused))
    }

    @Test("the client's packets are numbered for the client; a lost backend's ERR as well")
    func numbers() {
        var machine = Machine.reused()
        _ = machine.client(packet(1, [1, 2, 3]))
        _ = machine.loginDecided(.forward, capabilities: Machine.capabilities)
        var lost = machine
        #expect(
            lost.backendLost()
                == .init(client: .notify(.backendLost, sequence: 2), end: .backendLost(.readAuthResult)))
        _ = machine.backend(packet(1, [0xFE, 0x61, 0]))
        var wrong = machine
        #expect(
            wrong.client(packet(2, [9]))
                == .init(
                    client: .notify(.packetsOutOfOrder, sequence: 4),
                    end: .clientViolation(.sequence(expected: 3, found: 2))))
        #expect(
            machine.deadlinePassed(stalled: nil)
                == .init(client: .notify(.loginTimeout, sequence: 4), end: .loginTimeout))
    }

    @Test("a client of other capabilities is logged in on a new connection")
    func moves() {
        var machine = Machine.reused()
        _ = machine.client(packet(1, [1, 2, 3]))
        let wanted = Machine.capabilities.subtracting(.deprecateEOF)
        #expect(!machine.agreesWithReused(wanted))
        #expect(machine.loginDecided(.forward, capabilities: wanted) == .init(backend: .connect))
        var failed = machine
        #expect(
            failed.connectFailed()
                == .init(client: .notify(.backendLost, sequence: 2), end: .backendLost(.connectServer)))
        _ = machine.backendConnected()
        var full = machine
        #expect(
            full.backend(packet(0, Machine.error))
                == .init(consumed: 15, client: .relayAs(sequence: 2), end: .loginRefused))
        #expect(machine.backend(packet(0, [10, 0])) == .init(consumed: 6, consult: .handshake))
        #expect(machine.isGreeted)
        #expect(machine.loginResent() == .init(backend: .send(sequence: 1)))
        #expect(machine.backend(packet(2, Machine.okay)) == .init(consumed: 11, client: .relay))
        #expect(machine.isLoggedIn && machine.isAttached)
    }

    @Test("a login that a plugin answers leaves the connection to others")
    func answered() {
        var machine = Machine.reused()
        _ = machine.client(packet(1, [1, 2, 3]))
        #expect(
            machine.loginDecided(.answer(isOK: true), capabilities: Machine.capabilities)
                == .init(client: .send(sequence: 2)))
        #expect(machine.isLoggedIn && !machine.isAttached)
    }

    @Test("what may differ between the sessions of a connection")
    func mayShare() {
        #expect(Machine.mayShare([.protocol41, .connectWithSchema], [.protocol41, .connectAttributes]))
        #expect(!Machine.mayShare([.protocol41, .localFiles], .protocol41))
        #expect(!Machine.mayShare([.protocol41], [.protocol41, .mariadbProgress]))
    }
}
