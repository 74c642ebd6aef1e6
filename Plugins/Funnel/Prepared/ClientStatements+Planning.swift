import MySQLWire

// What becomes of a command, before the session has a connection.
extension ClientStatements {
    /// Whether a command is one of those for prepared statements.
    static func understands(_ command: Command) -> Bool {
        switch command {
        case .prepare, .execute, .bulkExecute, .fetch, .sendLongData, .resetStatement, .closeStatement: true
        default: false
        }
    }

    /// Takes a client's command for prepared statements, whole and with the command byte in front.
    mutating func plan(_ payload: [UInt8], _ rules: StatementRules = StatementRules()) -> StatementPlan {
        guard let first = payload.first else { return .refuse(.malformedPacket) }
        switch Command(rawValue: first) {
        case .prepare: return prepare(payload, rules)
        case .execute: return execute(payload)
        case .bulkExecute: return bulkExecute(payload, rules)
        case .fetch: return fetch(payload)
        case .resetStatement: return reset(payload)
        case .sendLongData: return sendLongData(payload, rules)
        case .closeStatement: return close(payload)
        default: return .refuse(.unknownCommand)
        }
    }

    private func prepare(_ payload: [UInt8], _ rules: StatementRules) -> StatementPlan {
        guard !isFull else { return .refuse(.tooManyStatements(Self.limit)) }
        return .prepare(rules.table.statement(Array(payload.dropFirst()), mode: rules.mode))
    }

    private mutating func execute(_ payload: [UInt8]) -> StatementPlan {
        guard payload.count >= StatementPayload.executeHeader, let sent = StatementPayload.id(in: payload) else {
            return .refuse(.malformedPacket)
        }
        let id = resolve(sent)
        guard let statement = self[id] else { return .refuse(.unknownStatement(sent, .execute)) }
        if let fault = statement.longData.fault { return .refuse(fault.error) }
        let count = statement.parameterCount
        var whole = payload
        if let types = StatementPayload.types(inExecute: payload, parameters: count) {
            setTypes(types, of: id)
        } else {
            StatementPayload.addTypes(statement.typesToSend, toExecute: &whole, parameters: count)
        }
        return .run(StatementRun(.execute, id, asSent: sent, statement, whole))
    }

    private mutating func bulkExecute(_ payload: [UInt8], _ rules: StatementRules) -> StatementPlan {
        guard payload.count >= StatementPayload.bulkHeader, let sent = StatementPayload.id(in: payload) else {
            return .refuse(.malformedPacket)
        }
        guard rules.allowsBulk else { return .refuse(.unsupportedWhenPrepared) }
        let id = resolve(sent)
        guard let statement = self[id] else { return .refuse(.unknownStatement(sent, .bulkExecute)) }
        if let fault = statement.longData.fault { return .refuse(fault.error) }
        var whole = payload
        if let types = StatementPayload.types(inBulk: payload, parameters: statement.parameterCount) {
            setTypes(types, of: id)
        } else {
            StatementPayload.addTypes(statement.typesToSend, toBulk: &whole)
        }
        return .run(StatementRun(.bulkExecute, id, asSent: sent, statement, whole))
    }

    private func fetch(_ payload: [UInt8]) -> StatementPlan {
        guard payload.count >= StatementPayload.fetchSize, let sent = StatementPayload.id(in: payload) else {
            return .refuse(.malformedPacket)
        }
        let id = resolve(sent)
        guard let statement = self[id] else { return .refuse(.unknownStatement(sent, .fetch)) }
        guard statement.hasCursor else { return .refuse(.noCursor(sent)) }
        return .run(StatementRun(.fetch, id, asSent: sent, statement, payload))
    }

    private mutating func reset(_ payload: [UInt8]) -> StatementPlan {
        guard let sent = StatementPayload.id(in: payload) else { return .refuse(.malformedPacket) }
        let id = resolve(sent)
        guard let statement = self[id] else { return .refuse(.unknownStatement(sent, .resetStatement)) }
        changeLongData(of: id) { $0 = LongData() }
        guard statement.hasCursor else { return .okay }
        return .run(StatementRun(.resetStatement, id, asSent: sent, statement, payload))
    }

    private mutating func sendLongData(_ payload: [UInt8], _ rules: StatementRules) -> StatementPlan {
        guard let parameter = StatementPayload.longDataParameter(in: payload),
            let sent = StatementPayload.id(in: payload), let statement = self[resolve(sent)]
        else { return .nothing }
        let room = rules.longDataLimit - longDataBytes
        changeLongData(of: resolve(sent)) { data in
            guard parameter < statement.parameterCount else { return data.fail(.noSuchParameter) }
            data.append(payload, limit: room)
        }
        return .nothing
    }

    private mutating func close(_ payload: [UInt8]) -> StatementPlan {
        guard let sent = StatementPayload.id(in: payload) else { return .nothing }
        let id = resolve(sent)
        guard let statement = self[id] else { return .nothing }
        remove(id)
        return statement.hasCursor ? .closeCursor(id) : .nothing
    }
}
