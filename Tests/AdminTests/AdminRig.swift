import Foundation
import MySQLWire
import PluginAPI
import Pooling
import ServerSide
import Synchronization
import TestSupport

@testable import AdminPlugin

/// A section of one table, `fruit`: a name of `rotten` can't be used, one of `odd` warns.
final class FruitSection: NamedConfigurationSection {
    let name = "MYSQL FRUIT"
    let singular = "MYSQL PIECE"
    let nameColumn = "name"
    let tables = [
        TableDefinition(
            name: "fruit", columns: ["id", "name", "grams"], key: ["id"],
            body: "id INTEGER PRIMARY KEY AUTOINCREMENT, name VARCHAR NOT NULL, grams INT CHECK (grams >= 0) DEFAULT 7")
    ]
    private let used = Mutex<[[Cell]]>([[.integer(1), .text("fig"), .integer(30)]])

    var inUse: [String] { used.withLock { $0.compactMap { $0[1].text } } }

    func running() -> TableContents { ["fruit": used.withLock { $0 }] }

    func prepare(_ contents: TableContents) throws(ConfigurationFault) -> PreparedConfiguration {
        try prepare(contents) { _ in false }
    }

    func prepare(_ contents: TableContents, only name: String) throws(ConfigurationFault) -> PreparedConfiguration {
        try prepare(contents) { $0[1].text != name }
    }

    private func prepare(
        _ contents: TableContents, keeping isKept: @escaping @Sendable ([Cell]) -> Bool
    ) throws(ConfigurationFault) -> PreparedConfiguration {
        let rows = contents["fruit"] ?? []
        for row in rows where row[1] == .text("rotten") {
            throw ConfigurationFault(
                table: "fruit", row: "id \(row[0].text ?? "")", column: "name", reason: "it is rotten; take another")
        }
        let warnings = rows.filter { $0[1] == .text("odd") }.map { "fruit \($0[0].text ?? "") is odd" }
        return PreparedConfiguration(warnings: warnings) { self.used.withLock { $0 = $0.filter(isKept) + rows } }
    }
}

/// A setting and a counter.
private final class Numbers: Sendable {
    let limit = Atomic(5)
    let hits = Mutex(3)
}

/// The port with a section, settings, statistics and commands of the tests' own.
final class AdminRig {
    let host = FakeHost()
    let fruit = FruitSection()
    let server: AdminServer
    private let numbers = Numbers()
    private var sessions: UInt32 = 100

    init(database: String? = nil, file: String? = nil, script: String? = nil) throws {
        let accounts: [Account: [String: StoredPassword]] = [
            .administrator: ["admin": StoredPassword("")], .statistics: ["stats": StoredPassword("")],
        ]
        server = AdminServer(
            host: host, credentials: Credentials(accounts), database: database, file: file,
            script: try script.map { [host] in try AdminScript(path: $0, host: host) })
        let offers = host.administration
        offers.add(fruit)
        offers.add(variables: server.variables)
        offers.add(variables: [limitVariable])
        offers.add(statistics: [hitsTable])
        offers.add(commands: [
            AdministrativeCommand("PEEL FRUIT", summary: "peels it") { text throws(CommandFault) in
                guard !text.isEmpty else { throw CommandFault("which fruit?") }
                return .done(affected: 1, info: "peeled \(text)")
            },
            AdministrativeCommand("EXPLAIN FRUIT", summary: "explains it", isReadOnly: true) {
                text throws(CommandFault) in
                .rows(columns: ["word"], text.split(separator: " ").map { [.text(String($0))] })
            },
        ])
        try server.open()
    }

    deinit { server.close() }

    private var limitVariable: RuntimeVariable {
        .integer("mysql-fruit_max", in: 1...100) { [numbers] in
            numbers.limit.load(ordering: .relaxed)
        } apply: { [numbers] in
            numbers.limit.store($0, ordering: .relaxed)
        }
    }

    /// The setting in use.
    var limit: Int { numbers.limit.load(ordering: .relaxed) }

    /// One row: how many hits so far.
    private var hitsTable: StatisticsTable {
        let definition = TableDefinition(
            name: "stats_fruit", columns: ["name", "hits"], key: ["name"], body: "name VARCHAR, hits INTEGER")
        return StatisticsTable(definition, isResettable: true) { [numbers] reset in
            numbers.hits.withLock { hits in
                defer { hits = reset ? 0 : hits }
                return [[.text("fig"), Cell(hits)]]
            }
        }
    }

    func client(_ user: String = "admin") throws -> AdminClient {
        sessions += 1
        let connection = CollectingConnection()
        let session = server.makeSession(id: sessions, peer: "127.0.0.1:5", connection: connection)
        let client = ServerSessionClient(session: session, connection: connection)
        _ = try client.logIn(user: user)
        client.feed([])
        return AdminClient(client: client, id: sessions)
    }
}

/// A client of the port.
struct AdminClient {
    let client: ServerSessionClient
    let id: UInt32

    func results(_ sql: String) throws -> [ServerAnswer] {
        try ServerAnswer.decode(try client.ask([3] + Array(sql.utf8)), capabilities: client.capabilities)
    }

    /// The last result of a query.
    @discardableResult
    func run(_ sql: String) throws -> ServerAnswer { try results(sql).last ?? ServerAnswer() }

    /// The rows, or the error as a row.
    func rows(_ sql: String) throws -> [[String]] {
        let answer = try run(sql)
        return answer.error.map { [["ERROR \($0.code)", $0.message]] } ?? answer.rows
    }

    func error(_ sql: String) throws -> SQLError? { try run(sql).error }

    func prepare(_ sql: String) throws -> [[UInt8]] { try client.ask([22] + Array(sql.utf8)) }

    func execute(_ id: UInt32, _ values: [BinaryValue]) throws -> ServerAnswer {
        let parameters = values.map { value in
            if case .bytes = value { return BinaryParameter(type: ParameterType(.varString), value: value) }
            return BinaryParameter(type: ParameterType(.longLong), value: value)
        }
        let payloads = try client.ask(ExecuteCommand(statementID: id, parameters: parameters).encode())
        return try ServerAnswer.decode(payloads, capabilities: client.capabilities, isBinary: true).last
            ?? ServerAnswer()
    }
}

/// A scratch file that goes away.
final class ScratchFile {
    let path = NSTemporaryDirectory() + "/millrace-admin-" + UUID().uuidString

    init(_ text: String? = nil) throws {
        if let text { try text.write(toFile: path, atomically: true, encoding: .utf8) }
    }

    deinit {
        for end in ["", "-wal", "-shm", "-journal"] { try? FileManager.default.removeItem(atPath: path + end) }
    }
}
