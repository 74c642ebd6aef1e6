import MySQLWire

// A run on the connection that the session was given. Afterwards ``ClientStatements/hasCursor`` tells whether the session is
// pinned to it.
extension ClientStatements {
    /// What a run needs next: it is asked when the connection has the session's state, and again after a preparation.
    mutating func step(for run: StatementRun, on backend: inout BackendStatements) -> StatementStep {
        let longData = run.isExecution ? self[run.id]?.longData ?? LongData() : LongData()
        let types = run.isExecution ? run.newTypes ?? self[run.id]?.types ?? [] : []
        guard let serverID = backend.use(for: run, longData: longData, types: types) else {
            return stepWithoutStatement(run, &backend)
        }
        var before = backend.takeClosing()
        before += longData.pieces.map { StatementPayload.withID(serverID, $0) }
        return .send(before: before, id: serverID)
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

    /// A run has answered with a result of so many columns; whether their number has changed since the client was told last,
    /// by a preparation or an execution, which is what SERVER_STATUS_METADATA_CHANGED tells.
    mutating func columnsChanged(_ run: StatementRun, to count: Int) -> Bool {
        guard let before = self[run.id]?.columnCount, before != count else { return false }
        setColumnCount(count, of: run.id)
        return true
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
        guard error.code != Self.malformed, error.code != Self.unsupported else {
            refusedAtSight(run, keepsLongData: error.code == Self.malformed, on: &backend)
            return .relay
        }
        let isTooLong = hasPieces(run) && error == LongDataFault.tooLong.error
        let keepsCursor = error.code == Self.wrongArguments && self[run.id]?.hasCursor == true
        // The server's statement goes on failing until it is reset, whoever executes it.
        if isTooLong { backend.drop(run, isKnown: true) }
        settle(run, hasCursor: keepsCursor, on: &backend)
        if isTooLong { changeLongData(of: run.id) { $0.fail(.tooLong) } }
        return .relay
    }

    /// The server hasn't come to the parameters: no types are bound, an open cursor stays.
    private mutating func refusedAtSight(
        _ run: StatementRun, keepsLongData: Bool, on backend: inout BackendStatements
    ) {
        guard hasPieces(run) else { return }
        // The server may have kept the pieces, for whoever executes its statement next.
        backend.drop(run, isKnown: true)
        cursor(of: run.id, isOpen: false)
        if !keepsLongData { changeLongData(of: run.id) { $0.executed() } }
    }

    /// ER_UNSUPPORTED_PS and ER_MALFORMED_PACKET.
    private static let (unsupported, malformed) = (UInt16(1295), UInt16(1835))
    /// ER_WRONG_ARGUMENTS, for values that aren't there; an open cursor survives it. Source: MariaDB 10.11, observed.
    private static let wrongArguments: UInt16 = 1210

    private func hasPieces(_ run: StatementRun) -> Bool { self[run.id]?.longData.pieces.isEmpty == false }

    private mutating func settle(_ run: StatementRun, hasCursor: Bool, on backend: inout BackendStatements) {
        backend.cursor(of: run, isOpen: hasCursor)
        cursor(of: run.id, isOpen: hasCursor)
        // The end of a cursor uses up long data just as an execution does.
        if run.isExecution || !hasCursor { changeLongData(of: run.id) { $0.executed() } }
        if let types = run.newTypes { setTypes(types, of: run.id) }
    }
}
