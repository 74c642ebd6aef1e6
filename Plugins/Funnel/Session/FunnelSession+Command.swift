import MySQLWire
import PluginAPI
import Pooling
import ProxyCore
import SQLText

// A client's command: what is answered here, and what needs a connection.

extension FunnelSession {
    /// A whole command has come, and nothing is under way.
    func commandArrived(_ packets: Span<UInt8>) {
        let running = worker.spareCommands.command(
            packets, arrived: worker.loop.now, ticket: worker.funnel.nextTicket())
        self.running = running
        let command = running.command
        if let loss, !command.hasNoAnswer, command != .quit {
            self.loss = nil
            return say(.lost(loss))
        }
        switch command {
        case .query: queryArrived(packets, running)
        case .quit: client?.hangUp()
        case .ping: sayOK()
        case .changeUser: changeUser(packets.joinedPayload, lastSequence: packets.lastSequence)
        case .resetConnection: resetState()
        case .setOption: setOption(packets.joinedPayload)
        case .processKill: kill(packets.joinedPayload)
        case .prepare, .execute, .bulkExecute, .fetch, .sendLongData, .resetStatement, .closeStatement:
            running.keepPayload()
            statementArrived(running)
        // Open set: what isn't known goes to a server, which knows.
        default: lease(for: running)
        }
    }

    private func queryArrived(_ packets: Span<UInt8>, _ running: RunningCommand) {
        let mode = SQLLexicalMode(status)
        let first = PacketHeader(packets)
        let effects: StatementEffects
        if let first, first.packetLength == packets.count {
            effects = worker.effectsCache.effects(of: packets.extracting((PacketHeader.size + 1)...), mode: mode)
        } else {
            effects = StatementEffects(of: packets.joinedPayload.span.extracting(1...), mode: mode)
        }
        running.effects = effects
        if session.mayHaveOrders, let copy = session.mirror {
            session.mirror = nil
            worker.mirrors.take(copy, of: self)
        }
        guard !killsOwnWay(effects) else { return }
        lease(for: running)
    }

    // MARK: Answered here

    /// COM_RESET_CONNECTION: the session begins anew; a connection that it holds is cleaned first.
    private func resetState() {
        guard let connection else { return stateReset() }
        phase = .preparing
        connection.reset { [self] in
            guard isStillPreparing(on: connection) else { return }
            self.connection = nil
            connection.belong(to: nil)
            connection.pool.countOutstanding(-1)
            connection.giveBack()
            stateReset()
        }
    }

    /// Schema, role and COM_SET_OPTION outlast a reset, as they do on a server.
    private func stateReset() {
        let kept = settings.content.reset(to: loginSettings.content)
        forgetState()
        settings = worker.funnel.settings.table.settings(kept)
        sayOK()
    }

    /// The session is as after its login; nothing of it is on any connection.
    func forgetState() {
        leaveConnection(wasRunning: false)
        settings = loginSettings
        ties = SessionTies()
        if rarities != nil { statements.removeAll() }
        trackPolicy = nil
        seenTransactions = nil
        isMultiplexingOff = false
        status = .autocommit
    }

    /// COM_SET_OPTION: whether several statements may stand in one query.
    private func setOption(_ payload: [UInt8]) {
        guard payload.count >= 3, payload[1] < 2, payload[2] == 0 else {
            return say(SQLError(code: 1047, state: "08S01", message: "Unknown command"))
        }
        settings = worker.funnel.settings.table.changed(settings, takesSeveralStatements: payload[1] == 0)
        if capabilities.contains(.deprecateEOF) {
            say([OKPacket(endsResult: true, status: status).encode(capabilities: capabilities)])
        } else {
            say([EOFPacket(warnings: 0, status: status).encode()])
        }
    }

    // MARK: Prepared statements

    private func statementArrived(_ running: RunningCommand) {
        let rules = StatementRules(
            mode: SQLLexicalMode(status), allowsBulk: capabilities.contains(.mariadbBulkOperations),
            table: worker.funnel.statements)
        let plan = statements.plan(running.payload, rules)
        running.plan = plan
        switch plan {
        case .nothing: noAnswer()
        case .okay: sayOK()
        case .refuse(let error):
            if running.command == .prepare { statements.preparationFailed() }
            say(error)
        case .prepare(let shared):
            running.effects = shared.effects
            lease(for: running)
        case .run(let run):
            guard run.isExecution else { return lease(for: running) }
            running.effects = run.shared.effects
            guard !killsOwnWay(run.shared.effects) else { return }
            lease(for: running)
        case .closeCursor(let id):
            connection?.statements.closeCursor(of: id)
            noAnswer()
            if !hasCursor { unpinnedBetweenCommands() }
        }
    }

    /// The command has no answer, and is done.
    private func noAnswer() {
        commandDone()
        phase = .ready
        takeIncoming()
    }

    /// The command under way is over; whoever has looked at it must be done with that.
    func commandDone() {
        guard let running = running.take() else { return }
        worker.spareCommands.giveBack(running)
    }
}

extension Span<UInt8> {
    /// The sequence id of a whole command's last packet.
    var lastSequence: UInt8 {
        var offset = 0
        var sequence: UInt8 = 0
        while let header = PacketHeader(self, at: offset) {
            sequence = header.sequence
            offset += header.packetLength
        }
        return sequence
    }
}
