import PluginAPI
import Pooling
import TestSupport
import Testing

@testable import ProxyPlugin

@Suite("mysql_servers")
struct ServersSectionTests {
    private let host = FakeHost()
    private let section: ServersSection

    init() {
        section = ServersSection(host: host)
    }

    /// A row with ProxySQL's defaults where nothing else is said.
    private func row(
        _ hostgroup: Int = 0, _ name: String = "db", _ port: Int = 3306, _ others: [String: Cell] = [:]
    ) -> [Cell] {
        let usual: [String: Cell] = [
            "hostgroup_id": Cell(hostgroup), "hostname": .text(name), "port": Cell(port), "status": .text("ONLINE"),
            "weight": .integer(1), "max_connections": .integer(1000), "comment": .text(""),
        ]
        return ServersTable.columns.map { others[$0] ?? usual[$0] ?? .integer(0) }
    }

    @discardableResult
    private func load(_ rows: [Cell]...) throws(ConfigurationFault) -> [String] {
        let prepared = try section.prepare(["mysql_servers": rows])
        prepared.apply()
        return prepared.warnings
    }

    private func fault(_ row: [Cell]...) -> ConfigurationFault? {
        do {
            _ = try section.prepare(["mysql_servers": row])
            return nil
        } catch {
            return error
        }
    }

    @Test("rows become hostgroups, and are shown as they were loaded")
    func roundTrip() throws {
        let rows = [
            row(0, "a", 3306, ["weight": .integer(3), "comment": .text("the writer")]),
            row(5, "/run/db.sock", 0, ["status": .text("offline_soft")]),
            row(5, "fe80::1", 3307, ["max_connections": .text("20"), "use_ssl": .integer(1)]),
        ]
        let prepared = try section.prepare(["mysql_servers": rows])
        #expect(host.backends.all.isEmpty, "nothing takes effect before it is applied")
        prepared.apply()
        #expect(host.backends.hostgroups[0].map(\.row.weight) == [3])
        let readers = [Endpoint.unix(path: "/run/db.sock"), .tcp(host: "fe80::1", port: 3307)]
        #expect(host.backends.hostgroups[5].map(\.row.endpoint) == readers)
        #expect(host.backends.all.map(\.standing) == [.online, .offlineSoft, .online])
        #expect(host.backends.all[2].maxConnections == 20)
        let shown = section.running()["mysql_servers"]
        #expect(shown?[0] == rows[0])
        #expect(shown?[1] == row(5, "/run/db.sock", 0, ["status": .text("OFFLINE_SOFT")]))
        #expect(shown?[2] == row(5, "fe80::1", 3307, ["max_connections": .integer(20), "use_ssl": .integer(1)]))
        #expect(prepared.warnings.count == 1 && prepared.warnings[0].contains("use_ssl=1 has no effect"))
    }

    @Test("servers given by option are rows, with the usual limit")
    func options() throws {
        try host.backends.add(.tcp(host: "w", port: 3306), role: .readWrite)
        try host.backends.add(.tcp(host: "r", port: 3307), role: .readOnly)
        host.backends.usualMaxConnections = 10
        let limit: [String: Cell] = ["max_connections": .integer(10)]
        #expect(section.running()["mysql_servers"] == [row(0, "w", 3306, limit), row(1, "r", 3307, limit)])
        let body = section.tables.first?.body ?? ""
        #expect(body.contains("max_connections INT NOT NULL DEFAULT 10 "), "a new row's limit is the same")
    }

    @Test("an empty table takes all servers out of use, with a warning; they are the same when they are back")
    func empty() throws {
        try load(row(0, "a"))
        let backend = host.backends.all[0]
        #expect(try load().contains { $0.contains("hostgroup 0 has no server to use") })
        #expect(backend.isRemoved && host.backends.hostgroups.members.isEmpty)
        try load(row(2, "a"))
        #expect(!backend.isRemoved && host.backends.hostgroups[2].first?.backend === backend)
    }

    @Test("a server in several hostgroups has one limit, the largest, with a warning")
    func limits() throws {
        let warnings = try load(
            row(0, "a", 3306, ["max_connections": .integer(5)]), row(1, "a", 3306, ["max_connections": .integer(50)]))
        #expect(host.backends.all.map(\.maxConnections) == [50])
        #expect(warnings.count == 1 && warnings[0].hasPrefix("a:3306 has several max_connections (5, 50)"))
    }

    @Test("SHUNNED is taken as ONLINE, with a warning")
    func shunned() throws {
        let warnings = try load(row(0, "a", 3306, ["status": .text("SHUNNED")]))
        #expect(host.backends.all[0].standing == .online && warnings.count == 1)
    }

    @Test("the same server twice in a hostgroup is refused; in two hostgroups it is not")
    func duplicates() {
        #expect(fault(row(0, "a"), row(1, "a")) == nil)
        let fault = fault(row(0, "a"), row(0, "b"), row(0, "a"))
        #expect(fault?.row == "hostgroup_id 0, hostname a, port 3306" && fault?.column == nil)
    }

    @Test(
        "a value that can't be used is refused with its column",
        arguments: [
            ("hostgroup_id", Cell.integer(-1)), ("hostgroup_id", .text("x")), ("hostname", .text("")),
            ("hostname", .text("no host")), ("hostname", .text("a:b'c")), ("port", .integer(65_536)),
            ("port", .integer(0)), ("port", .null), ("status", .text("UP")), ("status", .null),
            ("weight", .integer(10_000_001)), ("weight", .integer(-1)), ("max_connections", .integer(-1)),
            ("compression", .integer(2)), ("use_ssl", .text("yes")), ("max_replication_lag", .integer(126_144_001)),
        ])
    func faults(column: String, value: Cell) {
        let fault = fault(row(0, "ok"), row(0, "db", 3306, [column: value]))
        #expect(fault?.table == "mysql_servers" && fault?.column == column, "\(fault.map { "\($0)" } ?? "no fault")")
        #expect(host.backends.all.isEmpty)
    }

    @Test("a socket's path goes with port 0")
    func sockets() {
        #expect(fault(row(0, "/a.sock", 3306))?.column == "port")
        #expect(fault(row(0, "/" + String(repeating: "x", count: 107), 0))?.column == "hostname")
    }

    @Test("the table's definition names every column once, with its default")
    func definition() {
        let body = ServersTable.definition().body
        for column in ServersTable.columns { #expect(body.contains("\(column) "), "\(column)") }
        #expect(body.contains("max_connections INT NOT NULL DEFAULT 1000"))
        #expect(body.contains("weight INT NOT NULL DEFAULT 1 CHECK (weight BETWEEN 0 AND 10000000)"))
        #expect(body.hasSuffix("PRIMARY KEY (hostgroup_id, hostname, port)"))
    }
}

@Suite("PAUSE, RESUME and DRAIN")
struct ServerCommandsTests {
    private let host = FakeHost()

    init() throws {
        try host.backends.add(.tcp(host: "a", port: 3306), role: .readWrite)
        try host.backends.add(.tcp(host: "b", port: 3307), role: .readWrite)
        host.backends.change { $0.append(ServerRow(hostgroup: 4, endpoint: .tcp(host: "a", port: 3306))) }
    }

    private func run(_ words: String, _ text: String) throws(CommandFault) -> CommandOutcome {
        guard let command = ServerCommands(host: host).all.first(where: { $0.words == words }) else {
            throw CommandFault("no command \(words)")
        }
        return try command.run(text)
    }

    @Test("DRAIN sets a server OFFLINE_SOFT in all its hostgroups and tells what is left; RESUME takes it back")
    func drain() throws {
        let backend = host.backends.all[0]
        backend.clientAttached()
        guard case .rows(let columns, let rows) = try run("DRAIN", "a:3306") else {
            Issue.record("DRAIN tells nothing")
            return
        }
        #expect(columns.prefix(4) == ["hostname", "port", "status", "busy"])
        #expect(rows.map { $0.prefix(4) } == [[.text("a"), .integer(3306), .text("OFFLINE_SOFT"), .integer(1)]])
        #expect(rows[0].last == .text("1 connections in use"))
        #expect(host.backends.rows.map(\.status) == [.offlineSoft, .online, .offlineSoft])
        backend.clientDetached()
        guard case .rows(_, let later) = try run("DRAIN", "'a'") else { return }
        #expect(later[0].last == .text("drained"))
        #expect(host.logged.count { $0.contains("drained") } == 1)
        _ = try run("RESUME", "a:3306")
        #expect(host.backends.rows.allSatisfy { $0.status == .online })
    }

    @Test("PAUSE and RESUME concern one server, or all")
    func pause() throws {
        #expect(try run("PAUSE", "b:3307") == .done(affected: 1, info: "paused: b:3307"))
        #expect(host.backends.all.map(\.isPaused) == [false, true])
        #expect(try run("PAUSE", "") == .done(affected: 2, info: "paused: a:3306, b:3307"))
        #expect(host.backends.all.map(\.isPaused) == [true, true])
        _ = try run("RESUME", "")
        #expect(host.backends.all.map(\.isPaused) == [false, false])
    }

    @Test("RESUME leaves OFFLINE_HARD as it is")
    func hard() throws {
        host.backends.change { $0[1].status = .offlineHard }
        _ = try run("RESUME", "")
        #expect(host.backends.all[1].standing == .offlineHard)
    }

    @Test("a server that isn't there is refused with those that are", arguments: ["c:1", "a:1:2", "a:x"])
    func unknown(text: String) {
        for words in ["PAUSE", "RESUME", "DRAIN"] {
            let fault = #expect(throws: CommandFault.self) { try run(words, text) }
            #expect(fault?.reason.contains("a:3306, b:3307") == true)
        }
        #expect(throws: CommandFault.self) { try run("DRAIN", "") }
    }
}
