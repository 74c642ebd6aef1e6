import MySQLWire

@testable import FunnelPlugin

/// A session's statements, and a server connection that gives ids of its own from 101.
final class StatementRig {
    var client = ClientStatements()
    var backend: BackendStatements
    var rules = StatementRules(allowsBulk: true, table: StatementTable())
    private var serverID: UInt32 = 100

    init(limit: Int = 100) { backend = BackendStatements(limit: limit) }

    /// Another connection, whose ids begin elsewhere.
    func changeConnection(limit: Int = 100, firstID: UInt32) {
        backend = BackendStatements(limit: limit)
        serverID = firstID - 1
    }

    func plan(_ payload: [UInt8]) -> StatementPlan { client.plan(payload, rules) }

    /// COM_STMT_PREPARE, with success.
    ///
    /// - Returns: the client's id.
    func prepare(_ text: String, parameters: UInt16 = 0, under settings: PrepareSettings? = nil) -> UInt32 {
        guard case .prepare(let shared) = plan(Command.prepare.payload(text: text)) else { return 0 }
        return client.prepared(shared, under: settings, answer: ok(parameters: parameters), on: &backend)
    }

    func ok(parameters: UInt16 = 0) -> PreparedStatementOK {
        serverID += 1
        return PreparedStatementOK(statementID: serverID, columns: 1, parameters: parameters)
    }

    /// The run that a command becomes.
    func run(_ payload: [UInt8]) -> StatementRun? {
        guard case .run(let run) = plan(payload) else { return nil }
        return run
    }

    /// What is sent to the server for a command, preparations included, one line a payload.
    func sends(_ payload: [UInt8]) -> [String] {
        switch plan(payload) {
        case .run(let run): return sends(run)
        case let other: return [transcript(other)]
        }
    }

    func sends(_ run: StatementRun) -> [String] {
        switch client.step(for: run, on: &backend) {
        case .send(let before, let id):
            var payload: [UInt8] = []
            run.append(to: &payload, id: id)
            return (before + [payload]).map(transcript)
        case .okay: return ["OK"]
        case .refuse(let error): return ["ERR \(error.code) \(error.message)"]
        case .prepare(let closing):
            let answer = ok(parameters: UInt16(run.parameterCount))
            let lines = closing.map(transcript) + ["prepare \(String(decoding: run.shared.text, as: UTF8.self))"]
            if let error = client.prepared(run, answer: answer, on: &backend) { return lines + [error.message] }
            return lines + sends(run)
        }
    }

    /// A command's answer, for one that runs.
    func answer(_ payload: [UInt8], _ status: StatusFlags) {
        guard let run = run(payload) else { return }
        _ = sends(run)
        client.answered(run, status, on: &backend)
    }

    /// An ERR as a command's answer.
    func fail(_ payload: [UInt8], _ error: SQLError) -> StatementRecovery? {
        guard let run = run(payload) else { return nil }
        _ = sends(run)
        return client.refused(run, error, on: &backend)
    }

    func transcript(_ plan: StatementPlan) -> String {
        switch plan {
        case .nothing: "nothing"
        case .okay: "OK"
        case .refuse(let error): "ERR \(error.code) \(error.message)"
        case .prepare(let shared): "prepare \(String(decoding: shared.text, as: UTF8.self))"
        case .run(let run): "run \(run.id)"
        case .closeCursor(let id): "close cursor of \(id)"
        }
    }

    func transcript(_ payload: [UInt8]) -> String {
        let name = Command(rawValue: payload.first ?? 0).description.dropFirst(9).lowercased()
        let rest = payload.dropFirst(5).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        return "\(name) \(StatementPayload.id(in: payload) ?? 0)" + (rest.isEmpty ? "" : " \(rest)")
    }
}

/// Payloads as clients send them.
enum Sent {
    /// COM_STMT_EXECUTE: the bytes behind the header as they are.
    static func execute(_ id: UInt32, _ rest: [UInt8] = [], flags: UInt8 = 0) -> [UInt8] {
        Command.execute.payload(number: id) + [flags, 1, 0, 0, 0] + rest
    }

    static func bulk(_ id: UInt32, flags: UInt8, _ rest: [UInt8]) -> [UInt8] {
        Command.bulkExecute.payload(number: id) + [flags, 0] + rest
    }

    static func longData(_ id: UInt32, _ parameter: UInt16, _ data: String) -> [UInt8] {
        LongDataCommand(statementID: id, parameter: parameter, data: Array(data.utf8)).encode()
    }

    static func fetch(_ id: UInt32, _ rows: UInt32 = 1) -> [UInt8] {
        FetchCommand(statementID: id, rows: rows).encode()
    }

    static func reset(_ id: UInt32) -> [UInt8] { Command.resetStatement.payload(number: id) }
    static func close(_ id: UInt32) -> [UInt8] { Command.closeStatement.payload(number: id) }

    /// Two integers, with their types or without.
    static let types: [UInt8] = [3, 0, 8, 0x80]
    static let values: [UInt8] = [7, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0]
    static let typed: [UInt8] = [0, 1] + types + values
    static let untyped: [UInt8] = [0, 0] + values
    /// An integer and a blob, which is long data.
    static let blob: [UInt8] = [0, 1, 3, 0, 252, 0]
    static let last: UInt32 = 0xFFFF_FFFF
}
