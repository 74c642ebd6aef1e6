import MySQLWire

/// Commands, each to the responder's method or answered here.
extension ServerSideSession {
    func run(_ command: Command, _ payload: [UInt8]) {
        do {
            try runText(command, payload)
        } catch {
            refuse(error)
        }
    }

    private func runText(_ command: Command, _ payload: [UInt8]) throws(WireError) {
        switch command {
        case .query:
            responder.query(Array(payload.dropFirst()), makeReply())
        case .initDB:
            responder.useSchema(String(decoding: payload.dropFirst(), as: UTF8.self), makeReply())
        case .fieldList:
            let request = try FieldListCommand(decoding: payload.span)
            let (table, pattern) = (request.table, request.pattern)
            responder.listFields(
                table: String(decoding: table, as: UTF8.self), pattern: String(decoding: pattern, as: UTF8.self),
                makeReply())
        case .prepare: prepare(Array(payload.dropFirst()))
        case .execute: try execute(payload)
        case .sendLongData: try takeLongData(payload)
        case .closeStatement: closeStatement(try command.decodeNumber(payload.span))
        case .resetStatement: resetStatement(try command.decodeNumber(payload.span))
        case .fetch: answer(.noOpenCursor(try FetchCommand(decoding: payload.span).statementID))
        case _: try runSimple(command, payload)
        }
    }

    private func runSimple(_ command: Command, _ payload: [UInt8]) throws(WireError) {
        switch command {
        case .ping: answerOK()
        case .statistics: answer(raw: Array(responder.statistics().utf8))
        case .setOption: try setOption(payload)
        case .resetConnection:
            for id in statements.keys { responder.closeStatement(id: id) }
            statements = [:]
            responder.reset(makeReply())
        case _: answer(.unknownCommand(command))
        }
    }

    private func setOption(_ payload: [UInt8]) throws(WireError) {
        switch try SetOptionCommand(decoding: payload.span).option {
        case 0: capabilities.insert(.multiStatements)
        case 1: capabilities.remove(.multiStatements)
        case _: return answer(.unknownCommand(.setOption))
        }
        let reply = makeReply()
        reply.endRows(status: status)
        reply.end()
    }

    private func answerOK() {
        let reply = makeReply()
        reply.ok(status: status)
        reply.end()
    }

    private func answer(_ error: SQLError) {
        let reply = makeReply()
        reply.error(error)
        reply.end()
    }

    private func answer(raw payload: [UInt8]) {
        let reply = makeReply()
        reply.raw(payload)
        reply.end()
    }
}

// MARK: Prepared statements

extension ServerSideSession {
    private static var maximumStatements: Int { 16382 }

    private func prepare(_ statement: [UInt8]) {
        guard statements.count < Self.maximumStatements else { return answer(.tooManyStatements) }
        lastStatementID &+= 1
        responder.prepare(statement, id: lastStatementID, makeReply(statementID: lastStatementID))
    }

    private func execute(_ payload: [UInt8]) throws(WireError) {
        var id = try ExecuteCommand.statementID(in: payload.span)
        if id == ExecuteCommand.lastPrepared { id = lastStatementID }
        guard var statement = statements[id] else { return answer(.unknownStatement(id, "mysqld_stmt_execute")) }
        let command = try ExecuteCommand(
            decoding: payload.span, context: statement.context, capabilities: capabilities)
        let values = statement.values(of: command)
        statements[id] = statement
        responder.execute(id: id, parameters: values, makeReply(isBinary: true))
    }

    private func takeLongData(_ payload: [UInt8]) throws(WireError) {
        let piece = try LongDataCommand(decoding: payload.span)
        let parameter = Int(piece.parameter)
        guard let statement = statements[piece.statementID], parameter < statement.parameterCount else { return }
        let held = statements.values.reduce(0) { $0 + $1.longData.values.reduce(0) { $0 + $1.count } }
        guard held + piece.data.count <= settings.maximumPayload else {
            perform(
                machine.packetRefused(.packetTooLarge, reason: "the client sent too much long data"), payload: [])
            return
        }
        statements[piece.statementID]?.longData[parameter, default: []] += piece.data
    }

    private func closeStatement(_ id: UInt32) {
        guard statements.removeValue(forKey: id) != nil else { return }
        responder.closeStatement(id: id)
    }

    private func resetStatement(_ id: UInt32) {
        guard statements[id] != nil else { return answer(.unknownStatement(id, "mysqld_stmt_reset")) }
        statements[id]?.longData = [:]
        answerOK()
    }
}
