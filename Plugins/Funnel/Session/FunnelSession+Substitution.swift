import MySQLWire
import ProxyCore
import SQLText

// Statements that ask after the last one, or after the connection: what another session has left on the connection must
// not be their answer.

extension FunnelSession {
    /// What such statements do.
    static let asking: StatementFacts = [.refersToSession, .readsDiagnostics, .prepares, .executesPrepared]

    /// Answers SHOW WARNINGS and its like from memory where the connection has another session's.
    func answersDiagnostics(_ effects: StatementEffects, on connection: BackendConnection) -> Bool {
        guard effects.facts.contains(.readsDiagnostics), connection.state.foreign.contains(.diagnostics),
            let running,
            let answer = running.withText({ text in
                DiagnosticsAnswer(text, ties.memory.last, collation: settings.content.resultCollation)
            })
        else { return false }
        answer.given(&ties.memory.last, &connection.state)
        settlePins()
        say { writer in answer.append(to: &writer, capabilities: capabilities, status: status) }
        return true
    }

    /// Gives GET DIAGNOSTICS what is remembered where the connection has another session's.
    ///
    /// - Returns: whether the client was answered; otherwise the statement, or another one, is to be sent.
    func answersGetDiagnostics(_ effects: StatementEffects, on connection: BackendConnection) -> Bool {
        guard effects.facts.contains(.readsDiagnostics), let running, running.command == .query else { return false }
        let assignment = running.withText { text in
            DiagnosticsAssignment(
                text, ties.memory.last, foreign: connection.state.foreign,
                characterSet: settings.content.variables["character_set_results"] ?? "")
        }
        switch assignment {
        case nil: return false
        case .text(let text):
            connection.state.disturbed()
            replace(by: text)
            return false
        case .unknown:
            settlePins()
            say(
                SQLError(
                    code: 1235, state: "42000",
                    message: "(funnel) GET DIAGNOSTICS can't tell this after the connection has served another session;"
                        + " ask for NUMBER, ROW_COUNT, MYSQL_ERRNO, MESSAGE_TEXT and RETURNED_SQLSTATE,"
                        + " or inside a transaction"))
            return true
        }
    }

    /// Sends another text than the client's.
    private func replace(by text: [UInt8]) {
        var writer = PacketWriter()
        writer.append(Command.query.payload(text: text))
        running?.sentSequence = writer.sequence &- 1
        running?.sentPackets = writer.take()
    }

    /// Asks for the variables that PREPARE takes its text from, then sends the statement.
    func asksPreparedTexts(_ effects: StatementEffects, on connection: BackendConnection) -> Bool {
        let names = SessionMemory.textVariables(effects)
        guard !names.isEmpty, running?.variableTexts.isEmpty == true else { return false }
        // The query changes FOUND_ROWS(), which is read along where only the connection knows it.
        let expressions = names.map { Capture.variable($0) } + [Array("FOUND_ROWS() LIMIT 1".utf8)]
        let list = expressions.joined(separator: [UInt8(ascii: ",")])
        connection.ask(Command.query.payload(text: Array("SELECT ".utf8) + Array(list))) { [self] answer in
            guard isStillPreparing(on: connection), let answer else { return }
            connection.state.disturbedByRows()
            if ties.memory.last.foundRows == .unread, let rows = Capture.number(answer.rows.first?.last ?? nil) {
                ties.memory.last.foundRows = .known(rows)
            }
            for (name, value) in zip(names, answer.rows.first ?? []) { running?.variableTexts[name] = value ?? [] }
            guard let running else { return }
            transmit(running.packets, running.command, running.lastSequence, for: running, on: connection)
        }
        return true
    }

    /// Puts the values that only the funnel knows in the place of the functions that ask for them.
    func substitute(_ effects: StatementEffects, on connection: BackendConnection) {
        guard let running, running.command == .query else { return }
        let (schema, mode) = (settings.content.schema, SQLLexicalMode(status))
        let substitution = running.withText { text -> Substitution? in
            let values = (ties.memory, connection.state.foreign, UInt64(connectionID))
            guard effects.facts.contains(.executesPrepared) else {
                return Substitution(text, effects, values.0.last, foreign: values.1, connection: values.2)
            }
            return Substitution(
                executing: text, effects, values.0, schema: schema, mode: mode, foreign: values.1,
                connection: values.2)
        }
        guard let substitution else { return }
        replace(by: substitution.text)
        self.running?.patches.columnNames = substitution.replacements.map(\.columnName)
    }

    /// The run of a statement in which the values stand that only the funnel knows; the run itself where there are none.
    func substituted(_ run: StatementRun, on connection: BackendConnection) -> StatementRun {
        let statement = run.original
        guard run.isExecution, statement.effects.facts.contains(.refersToSession) else { return run }
        let text = statement.text
        let substitution = Substitution(
            text.span, statement.effects, ties.memory.last, foreign: connection.state.foreign,
            connection: UInt64(connectionID))
        var run = run
        run.shared =
            substitution.map { worker.funnel.statements.statement($0.text, mode: statement.mode) } ?? statement
        running?.plan = .run(run)
        running?.patches.columnNames = substitution?.replacements.map(\.columnName) ?? []
        return run
    }
}

extension Substitution.Replacement {
    /// How the column is shown to the client.
    fileprivate var columnName: AnswerPatches.ColumnName {
        AnswerPatches.ColumnName(
            found: expression, shown: original,
            type: AnswerPatches.ValueType(type: type.rawValue, length: length, flags: flags.rawValue))
    }
}

extension DiagnosticsAnswer {
    /// Appends the answer as a client with these capabilities wants it.
    fileprivate func append(to writer: inout PacketWriter, capabilities: Capabilities, status: StatusFlags) {
        writer.append(columns: columns, status: status, capabilities: capabilities)
        for row in rows { writer.append(textRow: row) }
        writer.appendResultEnd(status: status, capabilities: capabilities)
    }
}
