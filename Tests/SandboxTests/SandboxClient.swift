import Foundation
import MySQLWire
import PluginAPI
import TestSupport

@testable import SandboxPlugin

/// A sandbox with a database of its own, and clients of it.
final class Sandbox {
    let storage: SandboxStorage
    private let server: SandboxServer
    private var sessions: UInt32 = 0

    init(file: String? = nil) throws {
        storage = try SandboxStorage(file: file)
        server = SandboxServer(storage: storage, user: "root", password: "")
    }

    func client() throws -> SandboxClient {
        sessions += 1
        let connection = CollectingConnection()
        let session = server.makeSession(id: sessions, peer: "127.0.0.1:5", connection: connection)
        let client = ServerSessionClient(session: session, connection: connection)
        _ = try client.logIn()
        client.feed([])
        return SandboxClient(client: client)
    }
}

struct SandboxClient {
    let client: ServerSessionClient

    /// The results of a query.
    func results(_ sql: String) throws -> [ServerAnswer] {
        try ServerAnswer.decode(try client.ask([3] + Array(sql.utf8)), capabilities: client.capabilities)
    }

    /// The last result of a query.
    @discardableResult
    func run(_ sql: String) throws -> ServerAnswer {
        try results(sql).last ?? ServerAnswer()
    }

    func rows(_ sql: String) throws -> [[String]] {
        let answer = try run(sql)
        if let error = answer.error { return [["ERROR \(error.code) \(error.message)"]] }
        return answer.rows
    }

    func code(_ sql: String) throws -> UInt16? { try run(sql).error?.code }

    /// The payloads of the answer to a preparation.
    func prepare(_ sql: String) throws -> [[UInt8]] { try client.ask([22] + Array(sql.utf8)) }

    func execute(_ id: UInt32, _ values: [(ColumnType, BinaryValue)]) throws -> ServerAnswer {
        let parameters = values.map { BinaryParameter(type: ParameterType($0.0), value: $0.1) }
        let payloads = try client.ask(ExecuteCommand(statementID: id, parameters: parameters).encode())
        return try ServerAnswer.decode(payloads, capabilities: client.capabilities, isBinary: true).last
            ?? ServerAnswer()
    }
}
