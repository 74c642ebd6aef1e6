import MySQLWire
import PluginAPI
import Pooling
import ProxyCore
import SQLText
import Telemetry

// After a command: what it has changed, and whether the session keeps its connection.

extension FunnelSession {
    /// The answer to the command is complete; its last bytes follow by ``deliver(_:_:)``.
    ///
    /// - Returns: whether the client gets them.
    func answerEnded(on connection: BackendConnection) -> Bool {
        guard let running else { return false }
        sendsFile = false
        status = connection.toldStatus ?? status
        if statementAnswered(running, on: connection) == .prepareAgain {
            phase = .preparing
            return false
        }
        worker.measureAnswer(connection, to: running)
        stateChanged(running, on: connection)
        let isReplaced = replacesAnswer(running, on: connection)
        let (lastSequence, withheld) = (running.lastSequence, running.withheld)
        phase = .ready
        commandDone()
        obeyMultiplexing()
        settlePins()
        if isReplaced {
            tellTimeout(after: lastSequence)
        } else if !withheld.isEmpty {
            client?.deliver(withheld.span)
        }
        return !isReplaced
    }

    /// Gives the client bytes of its answer; a summary comes with a whole one that holds no more than it says.
    func deliver(_ bytes: Span<UInt8>, _ event: ScanEvent, whole summary: ResultSummary? = nil) {
        if let running {
            if withholds(bytes, running) { return }
            running.isAnswerBegun = true
        }
        if event == .localInfile { sendsFile = true }
        if event == .endless { isEndless = true }
        if let summary { client?.deliver(bytes, whole: summary) } else { client?.deliver(bytes) }
        if phase == .ready { takeIncoming() }
    }

    private func statementAnswered(_ running: RunningCommand, on connection: BackendConnection) -> StatementRecovery {
        guard running.isPlanned else { return .relay }
        let error = connection.summary.isError
        switch running.plan {
        case .prepare(let shared):
            guard !error else {
                statements.preparationFailed()
                return .relay
            }
            let summary = connection.summary
            let answer = PreparedStatementOK(
                statementID: summary.statementID, columns: UInt16(truncatingIfNeeded: summary.columns),
                parameters: summary.parameters, warnings: summary.warnings)
            _ = statements.prepared(
                shared, under: PrepareSettings(settings), answer: answer, on: &connection.statements)
            return .relay
        case .run(var run):
            guard error else {
                statements.answered(run, connection.summary.status, on: &connection.statements)
                return .relay
            }
            let code = connection.summary.errorCode
            let recovery = statements.refused(
                run, SQLError(code: code, message: ""), on: &connection.statements)
            guard recovery == .prepareAgain else { return recovery }
            run.isSecondTry = true
            self.running?.plan = .run(run)
            worker.loop.schedule(at: worker.loop.now) { [self] in
                guard isStillPreparing(on: connection) else { return }
                bring(connection)
            }
            return .prepareAgain
        case nil, .nothing, .okay, .refuse, .closeCursor:
            return .relay
        }
    }

    /// Whether the session keeps its connection now; the book hears of its pins.
    func settlePins() {
        guard let connection else { return }
        var pins = withTies { $0.pins }
        if hasCursor { pins.insert(.cursor) }
        if isEndless { pins.insert(.hiddenState) }
        if isMultiplexingOff { pins.insert(.rule) }
        tell(pins, of: connection)
        guard pins.isEmpty else {
            limitSilence(on: connection, isInTransaction: pins.contains(.transaction))
            return
        }
        release()
    }

    private func tell(_ pins: PinSet, of connection: BackendConnection) {
        guard pins != connection.pins else { return }
        let before = connection.pins
        connection.pins = pins
        let id = connection.id
        connection.pool.tell(from: worker, frees: true) { book, _, _ in
            for reason in PinReason.allCases where pins.contains(reason) != before.contains(reason) {
                if pins.contains(reason) { book.pinned(id, reason) } else { book.unpinned(id, reason) }
            }
        }
    }

    private func limitSilence(on connection: BackendConnection, isInTransaction: Bool) {
        guard isInTransaction, let limit = worker.funnel.settings.transactionTimeout else { return }
        worker.loop.setDeadline(worker.loop.now + limit, for: connection)
    }

    /// The client has been silent in a transaction for too long.
    func silenceEnded(on connection: BackendConnection) {
        guard phase == .ready, self.connection === connection else { return }
        let limit = worker.funnel.settings.transactionTimeout ?? .zero
        loss =
            "the transaction was rolled back, since nothing came for \(limit.seconds) s (--funnel-transaction-timeout)"
        leaveConnection(wasRunning: false)
        ties.connectionLost()
        cursorsLost()
    }

    /// The answer is complete, and the connection of no more use: nothing of the session is left on it.
    func answerOnLostConnection(_ connection: BackendConnection) {
        status = connection.toldStatus ?? status
        if let running { stateChanged(running, on: connection) }
        phase = .ready
        commandDone()
        self.connection = nil
        lastConnection = nil
        connection.session = nil
        connection.pool.countOutstanding(-1)
        cursorsLost()
        guard !ties.pins.isEmpty || needsCapture else { return }
        loss = "the connection broke behind an answer"
        ties.connectionLost()
    }

    /// Takes in the rows of a SELECT that does nothing but read, where the answer tells nothing else: most answers by far.
    ///
    /// - Returns: false where it may be otherwise; then nothing is done.
    private func onlyRowsCame(_ running: RunningCommand, on connection: BackendConnection) -> Bool {
        guard running.isPlainSelect, connection.hasOnlyRows else { return false }
        let rows = connection.translator.scanner.summary.rows
        let areAllSent = !running.mayLimitRows || running.withText { $0.foundRowsAreSent }
        let status = connection.translator.scanner.summary.status
        withTies { ties in
            ties.rowsAnswered(
                foundRows: areAllSent ? .known(rows) : .unread, status: status, namesTable: running.namesTable,
                foreign: connection.state.foreign)
            connection.state.answered(ties.memory)
        }
        if connection.settings !== settings { connection.settings = settings }
        return true
    }

    /// Takes in what the answer tells of the session's state.
    private func stateChanged(_ running: RunningCommand, on connection: BackendConnection) {
        if onlyRowsCame(running, on: connection) { return }
        let summary = connection.summary
        var answer = StatementAnswer(command: running.command, effects: running.effects)
        answer.errorCode = summary.isError ? summary.errorCode : nil
        answer.results = Int(summary.results) - (summary.isError ? 1 : 0)
        answer.affectedRows = connection.translator.lastResult?.affectedRows ?? 0
        answer.lastInsertID = connection.translator.lastInsertID
        answer.warnings = connection.translator.mostWarnings
        answer.columns = connection.translator.lastResult?.kind == .series ? Int(summary.columns) : 0
        answer.rows = connection.translator.lastResult?.rows ?? 0
        answer.status = connection.toldStatus
        answer.changes = connection.translator.takeChanges()
        if session.orders.remembersGTIDs { remember(answer.changes, of: connection) }
        if case .prepare = running.plan { answer.effects = nil }
        answer.variableTexts = running.variableTexts
        let before = settings
        running.withText { text in
            settings = worker.funnel.settings.table.changed(
                settings, by: answer.changes, answer.effectsOnSettings, text)
            ties.answered(answer, text, schema: before.content.schema, foreign: connection.state.foreign)
        }
        // The session stays in its schema, and the connection in another one.
        let isUnchanged = summary.isError && settings === before
        connection.settings = isUnchanged ? running.broughtSettings ?? settings : settings
        trackingChosen(running, isError: summary.isError)
        withTies { connection.state.answered($0, answer) }
        if ties.lostTracking {
            ties.lostTracking = false
            connection.lostTracking = true
            connection.state.disturbed()
        }
    }

    // MARK: Losses

    /// The connection that the session has is gone.
    func connectionLost(_ connection: BackendConnection, _ reason: String, wasAnswering: Bool) {
        guard self.connection === connection else { return }
        self.connection = nil
        connection.pool.countOutstanding(-1)
        // What the session has set is still on the connection before this one.
        if phase == .preparing, let last = lastConnection, last !== connection { return lease() }
        lastConnection = nil
        let mayRepeat = ties.pins.isEmpty && !hasCursor && !needsCapture
        cursorsLost()
        switch phase {
        case .preparing where mayRepeat, .running where mayRepeat && mayRepeatCommand(on: connection):
            worker.count(\.retries, connection)
            return lease()
        // Nothing of the session was on it: it was kept because a rule wants that.
        case .ready where mayRepeat && isMultiplexingOff: break
        case .ready:
            loss = reason
            ties.connectionLost()
        case .preparing, .running:
            ties.connectionLost()
            answerLost(connection, reason)
        case .login, .waiting, .ended:
            break
        }
    }

    /// Whether the command can have done nothing yet, or doing it twice changes nothing; a query rule says how often it
    /// is tried, and that it is also where it has run for a while.
    private func mayRepeatCommand(on connection: BackendConnection) -> Bool {
        guard let running, !running.isAnswerBegun, !running.isTimedOut else { return false }
        guard mayRetry(running) ?? (running.attempts < 3 && wasDeadBefore(connection)) else { return false }
        return running.effects?.isReadOnly ?? false
    }

    /// Whether the connection was dead already when the command went out, for all that can be told: it says so within a
    /// round trip, where a statement that is killed has mostly run for a while.
    private func wasDeadBefore(_ connection: BackendConnection) -> Bool {
        worker.loop.now.since(connection.sentAt) < .milliseconds(10)
    }

    private func answerLost(_ connection: BackendConnection, _ reason: String) {
        let error = SQLError(
            code: 2013, message: "(funnel) Lost connection to the server during the statement: \(reason)")
        guard running?.isAnswerBegun == true else { return say(error) }
        guard connection.translator.isAtPacketBorder else {
            client?.hangUp()
            return
        }
        var writer = PacketWriter(sequence: connection.translator.clientSequence)
        writer.append(error.encode())
        commandDone()
        phase = .ready
        let bytes = writer.take()
        client?.deliver(bytes.span)
        takeIncoming()
    }

    /// The connection that the session had last broke while nobody used it.
    func restingConnectionLost(_ connection: BackendConnection) {
        guard lastConnection === connection else { return }
        lastConnection = nil
        if needsCapture {
            loss = "it ended while it held what this session has set (user variables, last insert id)"
            ties.connectionLost()
        }
        if !isBeingCaptured { goOnWithoutCapture() }
    }
}

extension RunningCommand {
    /// Whether it is one SELECT that leaves nothing behind but rows, as far as its text tells.
    fileprivate var isPlainSelect: Bool {
        guard command == .query || command == .execute, facts.isEmpty, effects?.kind == .select else { return false }
        return effects?.isUnderstood == true
    }

    fileprivate var mayLimitRows: Bool { effects?.mayLimitRows ?? true }
    fileprivate var namesTable: Bool { effects?.namesTable ?? true }
}

extension BackendConnection {
    /// Whether the answer is one result set, without warnings or changes of the session's state.
    fileprivate var hasOnlyRows: Bool {
        let summary = summary
        guard summary.results == 1, summary.columns > 0, !summary.isError, translator.lastResult?.kind == .series else {
            return false
        }
        return translator.scanner.hasStatus && translator.changes.isEmpty && translator.mostWarnings == 0
            && translator.lastInsertID == 0
    }
}
