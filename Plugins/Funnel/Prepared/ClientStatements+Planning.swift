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
        guard payload.count >= StatementPayload.executeHeader else { return .refuse(.malformedPacket) }
        return execute(payload, .execute, StatementPayload.types(inExecute:parameters:))
    }

    private mutating func bulkExecute(_ payload: [UInt8], _ rules: StatementRules) -> StatementPlan {
        guard payload.count >= StatementPayload.bulkHeader else { return .refuse(.malformedPacket) }
        guard rules.allowsBulk else { return .refuse(.unsupportedWhenPrepared) }
        return execute(payload, .bulkExecute, StatementPayload.types(inBulk:parameters:))
    }

    /// An execution of either sort: `read` finds its types.
    private mutating func execute(
        _ payload: [UInt8], _ command: Command, _ read: ([UInt8], Int) -> SentTypes
    ) -> StatementPlan {
        guard let sent = StatementPayload.id(in: payload) else { return .refuse(.malformedPacket) }
        let id = resolve(sent)
        guard let statement = self[id] else { return .refuse(.unknownStatement(sent, command)) }
        var missingTypes: [UInt8] = []
        var newTypes: [UInt8]?
        switch read(payload, statement.parameterCount) {
        case .noParameters: break
        case .malformed: return .refuse(.malformedPacket)
        // Who says -1 hasn't seen the preparation's answer, and can't have bound types before.
        case .none where sent == ExecuteCommand.lastPrepared, .tooShort where sent == ExecuteCommand.lastPrepared:
            return .refuse(.malformedPacket)
        case .tooShort:
            // MariaDB says so too, but not before it has read on in what its buffer holds of older packets.
            changeLongData(of: id) { $0.executed() }
            return .refuse(.wrongArguments)
        case .none: missingTypes = statement.typesToSend
        case .types(let place) where payload[place].elementsEqual(statement.types): break
        case .types(let place): newTypes = Array(payload[place])
        }
        if let fault = statement.longData.fault { return .refuse(fault.error) }
        return .run(
            StatementRun(command, id, asSent: sent, statement, payload, newTypes: newTypes, missingTypes: missingTypes))
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
