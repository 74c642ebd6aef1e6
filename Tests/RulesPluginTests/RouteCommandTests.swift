import PluginAPI
import Synchronization
import TestSupport
import Testing

@testable import RulesPlugin

@Suite("EXPLAIN ROUTE, and what LOAD warns of")
struct RouteCommandTests {
    private func request(_ text: String) throws(CommandFault) -> String {
        let request = try RouteRequest(text)
        func shown(_ name: SessionName) -> String { String(decoding: name.bytes, as: UTF8.self) }
        let subject = request.subject
        let port = subject.proxyPort.map { ":\($0)" } ?? ""
        return [
            shown(subject.username), shown(subject.schemaname), shown(subject.clientAddress),
            shown(subject.proxyAddress) + port, "\(request.flag)", String(request.statement),
        ].joined(separator: "|")
    }

    @Test("who, where and what")
    func requests() throws {
        #expect(try request("SELECT 1;") == "||||0|SELECT 1")
        #expect(
            try request("FOR USER ada SCHEMA 'my shop' CLIENT 10.0.0.1 SELECT 1") == "ada|my shop|10.0.0.1||0|SELECT 1")
        #expect(try request("for user `a` flag 3 proxy 10.9.9.9:6033  DELETE") == "a|||10.9.9.9:6033|3|DELETE")
        #expect(try request("/* hostgroup=1 */ SELECT 1") == "||||0|/* hostgroup=1 */ SELECT 1")
        #expect(throws: CommandFault.self) { try request("FLAG many SELECT 1") }
    }

    @Test("it decides as for a client, and counts nothing")
    func explaining() throws {
        let rig = try RulesRig()
        try rig.load([[.username: .text("ada"), .destinationHostgroup: Cell(4)]])
        let command = RouteCommand(host: rig.host, book: rig.book).command
        guard case .rows(let columns, let rows) = try command.run("FOR USER ada SELECT 1") else {
            Issue.record("no rows")
            return
        }
        #expect(columns == ["step", "rule_id", "what", "detail"])
        #expect(rows.contains { $0[2] == .text("hostgroup") && $0[3] == .text("4 by a rule") })
        #expect(rig.book.current.rules.hits() == [0])
        #expect(throws: CommandFault.self) { try command.run("FOR USER ada") }
    }

    @Test("warnings without the funnel")
    func warnings() throws {
        let rig = try RulesRig()
        let warnings = try rig.load(
            [[.destinationHostgroup: Cell(1)], [.destinationHostgroup: Cell(2), .mirrorHostgroup: Cell(3)]],
            routes: [[.text("ada"), .text("far"), Cell(0), Cell(8), .text("")]])
        #expect(warnings.count == 3)
        #expect(
            warnings[0].hasPrefix("mysql_query_rules, rule_id 1 and 1 more: destination_hostgroup can't be followed"))
        #expect(warnings[1].hasPrefix("mysql_query_rules, rule_id 2: mirror_hostgroup can't be followed"))
        #expect(warnings[2].hasPrefix("mysql_query_rules_fast_routing: 1 rows can't be followed"))
    }

    @Test("a row that can't be used leaves the rules as they are")
    func faults() throws {
        let rig = try RulesRig()
        try rig.load([[.errorMessage: .text("kept")]])
        #expect(throws: ConfigurationFault.self) { try rig.load([[.matchPattern: .text("(")]]) }
        #expect(rig.query("SELECT 1").shown == "refuse 1148 42000 kept")
    }

    @Test("settings are read, checked and changed")
    func variables() throws {
        let rig = try RulesRig()
        let all = RulesVariables(book: rig.book, loops: rig.loops).all
        let names = Set(all.map(\.name))
        #expect(names.count == all.count)
        for variable in all {
            #expect(try variable.check(variable.current()) == variable.current(), "\(variable.name)")
        }
        let time = try #require(all.first { $0.name == "mysql-stats_time_query_processor" })
        time.apply("true")
        _ = rig.query("SELECT 1")
        #expect(rig.worker.decisionTime.load(ordering: .relaxed) > 0)
    }
}
