import MySQLWire

// A run on the connection that the session was given. Afterwards ``ClientStatements/hasCursor`` tells whether the session is
// pinned to it.
extension ClientStatements {
    /// What a run needs next: it is asked when the connection has the session's state, and again after a preparation.
    mutating func step(for run: StatementRun, on backend: inout BackendStatements) -> StatementStep {
        guard let serverID = backend.use(for: run) else { return stepWithoutStatement(run, &backend) }
        var payloads = backend.takeClosing()
        if run.isExecution, let pieces = self[run.id]?.longData.pieces {
            payloads += pieces.map { StatementPayload.withID(serverID, $0) }
        }
        payloads.append(StatementPayload.withID(serverID, run.payload))
        return .send(payloads)
    }

    private mutating func stepWithoutStatement(
        _ run: StatementRun, _ backend: inout BackendStatements
    ) -> StatementStep {
        guard !run.isExecution else { return .prepare(closing: backend.takeClosing()) }
        cursor(of: run.id, isOpen: false)
        return run.command == .resetStatement ? .okay : .refuse(.noCursor(run.idAsSent))
    }

    /// The server has prepared a run's text; an error for the client where it isn't the statement that the client knows.
    func prepared(
        _ run: StatementRun, answer: PreparedStatementOK, on backend: inout BackendStatements
    ) -> SQLError? {
        guard Int(answer.parameters) == run.parameterCount else {
            backend.discard(answer.statementID)
            return .needsPreparingAgain
        }
        backend.prepared(run.shared, under: run.settings, serverID: answer.statementID)
        return nil
    }
}

// What the answers tell.
extension ClientStatements {
    /// A run has ended without an ERR; `status` is that of its last OK or EOF.
    mutating func answered(_ run: StatementRun, _ status: StatusFlags, on backend: inout BackendStatements) {
        let hasCursor =
            switch run.command {
            case .fetch: !status.contains(.lastRowSent)
            case .resetStatement: false
            default: status.contains(.cursorExists)
            }
        settle(run, hasCursor: hasCursor, on: &backend)
    }

    /// A run, or the preparation for it, has ended with an ERR, perhaps behind rows.
    mutating func refused(
        _ run: StatementRun, _ error: SQLError, on backend: inout BackendStatements
    ) -> StatementRecovery {
        switch (run.command, error.code) {
        case (.fetch, 1421), (.fetch, 1243):
            settle(run, hasCursor: false, on: &backend)
            return .replace(.noCursor(run.idAsSent))
        case (.fetch, _):
            return .relay
        case (.resetStatement, _):
            settle(run, hasCursor: false, on: &backend)
            return error.code == 1243 ? .replace(.unknownStatement(run.idAsSent, run.command)) : .relay
        case (_, 1243):
            return forgotten(run, on: &backend)
        default:
            return executionFailed(run, error, on: &backend)
        }
    }

    private mutating func forgotten(_ run: StatementRun, on backend: inout BackendStatements) -> StatementRecovery {
        backend.drop(run, isKnown: false)
        cursor(of: run.id, isOpen: false)
        if !run.isSecondTry { return .prepareAgain }
        changeLongData(of: run.id) { $0.executed() }
        return .replace(.unknownStatement(run.idAsSent, run.command))
    }

    private mutating func executionFailed(
        _ run: StatementRun, _ error: SQLError, on backend: inout BackendStatements
    ) -> StatementRecovery {
        let keepsCursor = Self.refusedAtSight.contains(error.code) && self[run.id]?.hasCursor == true
        let isTooLong = error == LongDataFault.tooLong.error && self[run.id]?.longData.pieces.isEmpty == false
        settle(run, hasCursor: keepsCursor, on: &backend)
        if isTooLong {
            // The server's statement goes on failing until it is reset, whoever executes it.
            changeLongData(of: run.id) { $0.fail(.tooLong) }
            backend.drop(run, isKnown: true)
        }
        return .relay
    }

    /// Errors of a server that hasn't begun to execute, so that an open cursor stays: ER_WRONG_ARGUMENTS,
    /// ER_UNSUPPORTED_PS, ER_MALFORMED_PACKET. Source: MariaDB 10.11, observed.
    private static let refusedAtSight: Set<UInt16> = [1210, 1295, 1835]

    private mutating func settle(_ run: StatementRun, hasCursor: Bool, on backend: inout BackendStatements) {
        backend.cursor(of: run, isOpen: hasCursor)
        cursor(of: run.id, isOpen: hasCursor)
        if run.isExecution { changeLongData(of: run.id) { $0.executed() } }
    }
}
