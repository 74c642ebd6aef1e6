import MySQLWire
import PluginAPI
import ProxyCore
import Testing

@testable import RulesPlugin

@Suite("Rules and hints that want statements to see transactions")
struct RulesWorkerTransactionTests {
    @Test("gtid_from_hostgroup is ordered for the statement, and all of the session's transactions are remembered")
    func rule() throws {
        let rig = try RulesRig()
        _ = rig.query("UPDATE t SET a = 1")
        #expect(rig.session.orders == StatementOrders())
        try rig.load([[.matchPattern: .text("^SELECT"), .destinationHostgroup: Cell(1), .gtidFromHostgroup: Cell(0)]])
        for command in [[3] + Array("UPDATE t SET a = 1".utf8), [0x17, 9, 0, 0, 0, 0, 1, 0, 0, 0]] {
            _ = rig.send(command)
            #expect(rig.session.orders.remembersGTIDs)
            #expect(rig.session.orders.gtidFromHostgroup == nil)
        }
        _ = rig.query("SELECT 1")
        #expect(rig.session.hostgroup == 1)
        #expect(rig.session.orders.gtidFromHostgroup == 0)
        #expect(rig.session.minimumGTIDs == nil)
        try rig.load([[.matchPattern: .text("^SELECT"), .destinationHostgroup: Cell(1)]])
        _ = rig.query("SELECT 1")
        #expect(rig.session.orders == StatementOrders())
    }

    @Test("an execution is decided on as its text is")
    func execution() throws {
        let rig = try RulesRig()
        try rig.load([[.matchPattern: .text("^SELECT"), .gtidFromHostgroup: Cell(3)]])
        _ = rig.send([0x16] + Array("SELECT 1".utf8))
        var summary = ResultSummary()
        summary.statementID = 7
        rig.answered(.prepare, summary)
        _ = rig.send([0x17, 7, 0, 0, 0, 0, 1, 0, 0, 0])
        #expect(rig.session.orders.gtidFromHostgroup == 3)
    }

    @Test(
        "the hint min_gtid is taken where it is a list of ids, of either kind of servers",
        arguments: [
            ("0-1-5", "0-1-5"), (" 0-1-5, 2-1-7 ", "0-1-5,2-1-7"),
            ("3E11FA47-71CA-11E1-9E33-C80AA9429562:1-5", "3E11FA47-71CA-11E1-9E33-C80AA9429562:1-5"),
        ])
    func hint(_ value: String, _ taken: String) throws {
        let rig = try RulesRig()
        _ = rig.query("/* hostgroup=2; min_gtid=\(value) */ SELECT 1")
        #expect(rig.session.hostgroup == 2)
        #expect(rig.session.minimumGTIDs.map { String(decoding: $0.text, as: UTF8.self) } == taken)
        _ = rig.query("SELECT 1")
        #expect(rig.session.minimumGTIDs == nil)
    }

    @Test(
        "what is no list of ids is no hint, and never part of a statement",
        arguments: ["", "1", "0-1-5'", "0-1-5') OR SLEEP(9) OR ('", "0-1-5\u{0}", "\\'", "0-1-5,", "x:1-5"])
    func noHint(_ value: String) throws {
        let rig = try RulesRig()
        _ = rig.query("/* min_gtid=\(value) */ SELECT 1")
        #expect(rig.session.minimumGTIDs == nil)
    }

    @Test("what must see transactions is not answered from memory")
    func cache() throws {
        let rig = try CachingRig()
        let client = rig.client()
        #expect(client.query() == "next")
        try client.isAnswered()
        #expect(client.query() == "hit")
        _ = try rig.section.load([[.cacheTTL: Cell(1000), .gtidFromHostgroup: Cell(0)]])
        #expect(client.query() == "next")
        try client.isAnswered()
        #expect(client.query() == "next")
        #expect(client.session.orders.gtidFromHostgroup == 0)
    }

    @Test("LOAD warns where nobody can follow, and of a hostgroup without servers")
    func warnings() throws {
        let alone = try RulesRig().load([[.gtidFromHostgroup: Cell(0)]])
        #expect(alone.count == 1)
        #expect(alone[0].hasPrefix("mysql_query_rules, rule_id 1: gtid_from_hostgroup can't be followed: without the"))
        let served = try RulesRig(servesSessions: true).load([[.gtidFromHostgroup: Cell(5)]])
        #expect(served.count == 1)
        #expect(served[0].hasSuffix("hostgroups without a server (table mysql_servers): 5"))
    }
}
