import MySQLWire
import PluginAPI
import Pooling
import ProxyCore
import SQLText
import Telemetry

// Bringing a connection to the session's state, and sending the command on it.

extension FunnelSession {
    /// Brings the connection to the session's state as far as the command needs it, then sends the command.
    func bring(_ connection: BackendConnection, for running: RunningCommand) {
        phase = .preparing
        if let loss { return tell(loss, insteadOf: connection) }
        let isOwn = connection.owner === self
        let settings = wantedSettings(on: connection, for: running)
        if connection.settings === settings, !connection.lostTracking, needsNothing(connection, isOwn: isOwn) {
            connection.belong(to: self)
            return send(running, on: connection)
        }
        if !isOwn, connection.state.cleaning == .close { return replace(connection) }
        let isReset = !isOwn && connection.state.cleaning == .reset
        // No reset leaves a connection without a schema, but a new login does, and takes all else off too.
        let changesUser = !isOwn && settings.content.schema == nil && connection.settings.content.schema != nil
        guard var steps = settingSteps(settings, on: connection, isOwn: isOwn, isReset: isReset, changesUser) else {
            return replace(connection)
        }
        steps += running.withText { text in
            withTies { ties in
                connection.state.preparations(
                    for: running.effects, text, ties.memory, schema: settings.content.schema,
                    mode: SQLLexicalMode(status))
            }.compactMap { $0.payload() }
        }
        connection.belong(to: self)
        guard !steps.isEmpty else { return send(running, on: connection) }
        let begun = worker.loop.now
        connection.ask(all: steps[...]) { [self] answer in
            guard isStillPreparing(on: connection), let answer else { return }
            if let error = answer.error {
                // A login that was good once, and is refused now: a new connection tells why.
                if changesUser { return replace(connection) }
                return preparationFailed(error, on: connection)
            }
            worker.measure(.stateReplay, connection, since: begun)
            connection.settings = settings
            connection.lostTracking = false
            if let running = self.running { send(running, on: connection) }
        }
    }

    /// The same for the command under way, when something else had to be done first.
    func bring(_ connection: BackendConnection) {
        if let running { bring(connection, for: running) }
    }

    /// The session's settings; with the connection's own schema where the command is to leave that anyway, since the
    /// session's may be on another server only.
    private func wantedSettings(on connection: BackendConnection, for running: RunningCommand) -> SessionSettings {
        running.broughtSettings = nil
        guard connection.settings !== settings else { return settings }
        let schema = connection.settings.content.schema
        guard schema != settings.content.schema, schema != nil, settings.unread.isEmpty, running.changesSchema else {
            return settings
        }
        var content = settings.content
        content.schema = schema
        let wanted = worker.funnel.settings.table.settings(content)
        running.broughtSettings = wanted
        return wanted
    }

    /// Whether the connection has all but settings already, which most have.
    private func needsNothing(_ connection: BackendConnection, isOwn: Bool) -> Bool {
        withTies { ties in
            isOwn ? connection.state.needsNothing(ties.memory) : connection.state.isTakenAsItIs(by: ties.memory)
        }
    }

    /// What the session had set was lost while its command waited: the command must not run without it.
    private func tell(_ loss: String, insteadOf connection: BackendConnection) {
        self.loss = nil
        self.connection = nil
        connection.pool.countOutstanding(-1)
        connection.giveBack()
        say(.lost(loss))
    }

    /// What makes the connection's settings and user variables the session's; nil where nothing does.
    private func settingSteps(
        _ settings: SessionSettings, on connection: BackendConnection, isOwn: Bool, isReset: Bool, _ changesUser: Bool
    ) -> [[UInt8]]? {
        if isOwn, connection.settings === settings {
            return connection.lostTracking ? [BackendConnection.tracking] : []
        }
        var first: [[UInt8]] = []
        let old = connection.settings
        if isReset || changesUser {
            worker.count(\.resets, connection)
            connection.wiped(connection.wipedSettings)
        } else if !isOwn, connection.state.cleaning == .rollback {
            first.append(ConnectionState.rollback)
            connection.state.cleaned()
        }
        if connection.lostTracking { first.append(BackendConnection.tracking) }
        let assignments = isOwn ? [] : connection.state.taken(by: ties.memory)
        if !isReset, assignments.isEmpty, old === settings { return first }
        let login = changesUser ? connection.changeUser() : nil
        return steps(from: old, to: settings, assignments, isReset: isReset, login: login).map { first + $0 }
    }

    /// What has to be sent for a connection with the old settings to have the wanted ones; nil where nothing makes it fit.
    ///
    /// - Parameter login: the command that logs the user in again; nil where that must not be.
    private func steps(
        from old: SessionSettings, to wanted: SessionSettings, _ assignments: [[UInt8]] = [], isReset: Bool = false,
        login: [UInt8]? = nil
    ) -> [[UInt8]]? {
        let difference = SettingsDifference(
            connection: old, login: worker.funnel.settings.fresh, session: wanted, assignments: assignments)
        let payloads = difference.preparations(resets: isReset).map { $0.payload(login: login) }
        return payloads.contains(nil) ? nil : payloads.compactMap { $0 }
    }

    /// The connection can't be brought to the session's settings: it makes room for a new one.
    private func replace(_ connection: BackendConnection) {
        guard ties.pins.isEmpty else {
            return say(
                SQLError(code: 1105, message: "(funnel) the session's settings can't be set again on its connection"))
        }
        giveUp(connection)
        lease()
    }

    /// Whether a step of the preparation is still wanted; where the client has gone meanwhile the connection is cleaned.
    func isStillPreparing(on connection: BackendConnection) -> Bool {
        if phase == .preparing, self.connection === connection { return true }
        if connection.isOrphaned { connection.orphanEnded() }
        return false
    }

    /// The server refuses what the session's state needs, for instance a schema that is gone: the command has its error.
    private func preparationFailed(_ error: SQLError, on connection: BackendConnection) {
        connection.state.preparationsFailed()
        if !ties.pins.isEmpty {
            // Some of the steps were done: all is set anew, and reset before anybody else has the connection.
            connection.settings = worker.funnel.settings.fresh
            connection.state.spoilt()
            return say(error)
        }
        // A reset wouldn't do: it keeps the schema, and which one that is now is not known.
        giveUp(connection)
        say(error)
    }

    /// Nobody can use the connection again.
    private func giveUp(_ connection: BackendConnection) {
        self.connection = nil
        lastConnection = nil
        connection.belong(to: nil)
        connection.pool.countOutstanding(-1)
        connection.discard()
    }

    // MARK: Sending

    private func send(_ running: RunningCommand, on connection: BackendConnection) {
        guard running.isPlanned else { return sendText(running, on: connection) }
        switch running.plan {
        case .run(let run): step(substituted(run, on: connection), on: connection)
        case .prepare:
            running.patches.statementID = statements.upcomingID
            transmit(running.packets, running.command, running.lastSequence, for: running, on: connection)
        case nil, .nothing, .okay, .refuse, .closeCursor: sendText(running, on: connection)
        }
    }

    /// Sends a command that is no prepared statement's; a query that asks after the last statement or the connection is
    /// given what only the funnel knows.
    private func sendText(_ running: RunningCommand, on connection: BackendConnection) {
        if !running.facts.isDisjoint(with: Self.asking), let effects = running.effects {
            if answersDiagnostics(effects, on: connection) { return }
            if answersGetDiagnostics(effects, on: connection) { return }
            if asksPreparedTexts(effects, on: connection) { return }
            substitute(effects, on: connection)
        }
        guard let packets = running.sentPackets else {
            return transmit(running.packets, running.command, running.lastSequence, for: running, on: connection)
        }
        transmit(
            packets, running.command, running.sentSequence ?? running.lastSequence, for: running, on: connection)
    }

    /// Sends the command itself, in these packets.
    func transmit(
        _ packets: [UInt8], _ command: Command, _ lastSequence: UInt8, for running: RunningCommand,
        on connection: BackendConnection
    ) {
        phase = .running
        running.attempts += 1
        connection.setTranslator(to: capabilities)
        chooseTracking(running, on: connection)
        connection.translator.commandSent(
            command, lastSequence: lastSequence, clientSequence: running.lastSequence &+ 1, status: status,
            patches: running.patches)
        connection.run(packets.span, at: worker.loop.now)
        limitTime(on: connection)
    }

    // MARK: Prepared statements

    /// Does the next step of a prepared statement's command.
    private func step(_ run: StatementRun, on connection: BackendConnection) {
        switch statements.step(for: run, on: &connection.statements) {
        case .okay:
            sayAfterPins { $0.sayOK() }
        case .refuse(let error):
            sayAfterPins { $0.say(error) }
        case .prepare(let closing):
            worker.count(\.preparedMisses, connection)
            connection.send(closing)
            prepare(run, on: connection)
        case .send(let before, let id):
            if run.isExecution { worker.count(\.preparedHits, connection) }
            connection.send(before)
            var output = worker.takeOutputBuffer()
            let last = run.appendPackets(to: &output, id: id)
            if let running { transmit(output, run.command, last, for: running, on: connection) }
            worker.giveBack(outputBuffer: consume output)
        }
    }

    private func sayAfterPins(_ answer: (FunnelSession) -> Void) {
        settlePins()
        answer(self)
    }

    /// Prepares the run's text on the connection, under the settings that it was prepared under at first.
    private func prepare(_ run: StatementRun, on connection: BackendConnection) {
        guard let capture = Capture(ties.memory, settings) else { return prepareUnderItsSettings(run, on: connection) }
        // Settings that nobody has read yet would not be set again, and preparing may clear the warnings.
        connection.ask(each: capture.commands[...], []) { [self] answers in
            guard isStillPreparing(on: connection), !answers.isEmpty else { return }
            guard read(capture, answers, from: connection) else {
                return sayAfterPins { $0.say(.needsPreparingAgain) }
            }
            connection.state.disturbedByRows()
            prepareUnderItsSettings(run, on: connection)
        }
    }

    private func prepareUnderItsSettings(_ run: StatementRun, on connection: BackendConnection) {
        connection.state.disturbed()
        let wanted = run.settings?.object as? SessionSettings ?? settings
        guard let before = steps(from: connection.settings, to: wanted),
            let after = steps(from: wanted, to: settings)
        else {
            return sayAfterPins { $0.say(.needsPreparingAgain) }
        }
        connection.ask(all: before[...]) { [self] answer in
            guard isStillPreparing(on: connection), let answer else { return }
            if let error = answer.error { return preparationFailed(error, on: connection) }
            connection.settings = wanted
            connection.ask([Command.prepare.rawValue] + run.shared.text) { [self] answer in
                guard isStillPreparing(on: connection), let answer else { return }
                connection.ask(all: after[...]) { [self] back in
                    guard isStillPreparing(on: connection), let back else { return }
                    if let error = back.error { return preparationFailed(error, on: connection) }
                    connection.settings = settings
                    prepared(run, answer, on: connection)
                }
            }
        }
    }

    private func prepared(_ run: StatementRun, _ answer: InternalAnswer, on connection: BackendConnection) {
        if let error = answer.error {
            if connection.statements.preparationRefused(error) { return step(run, on: connection) }
            _ = statements.refused(run, error, on: &connection.statements)
            return sayAfterPins { $0.say(error) }
        }
        guard let prepared = try? PreparedStatementOK(decoding: answer.first.span) else {
            return connection.gone("its answer to COM_STMT_PREPARE can't be understood", couldConnect: true)
        }
        if let error = statements.prepared(run, answer: prepared, on: &connection.statements) {
            return sayAfterPins { $0.say(error) }
        }
        step(run, on: connection)
    }
}

extension Preparation {
    /// The command's payload; nil where the step is none.
    fileprivate func payload(login: [UInt8]? = nil) -> [UInt8]? {
        switch self {
        case .command(let payload): payload
        case .changeUser: login
        case .replace: nil
        }
    }
}

extension SQLError {
    /// What a client is told when state of its session has gone with a connection.
    static func lost(_ reason: String) -> Self {
        Self(code: 2013, state: "HY000", message: "(funnel) Lost connection to the server: \(reason)")
    }
}
