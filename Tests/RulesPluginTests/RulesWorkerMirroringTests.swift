import MySQLWire
import PluginAPI
import Pooling
import Testing

@testable import RulesPlugin

@Suite("Copies of statements that the rules order")
struct RulesWorkerMirroringTests {
    /// What is ordered for the statement, as `hostgroup text`; nil for nothing.
    private func copy(_ rig: RulesRig, _ text: String) -> String? {
        rig.session.status = rig.session.status.union(.autocommit)
        _ = rig.query(text)
        return rig.session.mirror.map { mirror in
            "\(mirror.hostgroup.map { String($0) } ?? "usual") \(String(decoding: mirror.text, as: UTF8.self))"
        }
    }

    @Test("the copy is what is sent, and goes elsewhere; the statement goes its own way")
    func hostgroup() throws {
        let rig = try RulesRig(servesSessions: true)
        try rig.load([
            [.matchPattern: .text("old"), .replacePattern: .text("new")],
            [.mirrorHostgroup: Cell(4), .destinationHostgroup: Cell(2)],
        ])
        #expect(copy(rig, "SELECT old") == "4 SELECT new")
        #expect(rig.session.hostgroup == 2)
        #expect(copy(rig, "SELECT /* mirror=5 */ 1") == "5 SELECT /* mirror=5 */ 1")
        try rig.load(
            [[.mirrorHostgroup: Cell(4)]], routes: [[.text("ada"), .text("shop"), Cell(0), Cell(8), .text("")]])
        #expect(copy(rig, "SELECT 1") == "8 SELECT 1", "fast routes have the last word")
        try rig.load([])
        #expect(copy(rig, "SELECT 1") == nil)
    }

    @Test("mirror_flagOUT enters the rules for the copy, which may be another one or none")
    func ownRules() throws {
        let rig = try RulesRig(servesSessions: true)
        try rig.load([
            [.mirrorFlagOut: Cell(9), .apply: Cell(1)],
            [.flagIn: Cell(9), .matchPattern: .text("secret"), .errorMessage: .text("no")],
            [
                .flagIn: Cell(9), .matchPattern: .text("t1"), .replacePattern: .text("t2"),
                .destinationHostgroup: Cell(3),
            ],
            [.flagIn: Cell(9), .timeout: Cell(70)],
        ])
        #expect(copy(rig, "SELECT * FROM t1") == "3 SELECT * FROM t2")
        #expect(rig.session.mirror?.timeout == .milliseconds(70))
        #expect(rig.session.orders.timeout == nil)
        #expect(copy(rig, "SELECT 1") == "usual SELECT 1")
        #expect(copy(rig, "SELECT secret") == nil)
        #expect(
            copy(rig, "SELECT /* hostgroup=7 */ 1") == "usual SELECT /* hostgroup=7 */ 1", "hints aren't for copies")
    }

    @Test("statements that are answered, or that nobody could send elsewhere, have no copies")
    func none() throws {
        let served = try RulesRig(servesSessions: true)
        try served.load([[.mirrorHostgroup: Cell(4)], [.matchPattern: .text("bad"), .errorMessage: .text("no")]])
        #expect(copy(served, "SELECT bad") == nil)
        let alone = try RulesRig()
        try alone.load([[.mirrorHostgroup: Cell(4)]])
        #expect(copy(alone, "SELECT 1") == nil)
    }

    @Test(
        "what means the same in another session is copied",
        arguments: [
            "SELECT 1", "INSERT INTO t VALUES (1)", "UPDATE t SET a = NOW()", "DELETE FROM t",
            "REPLACE INTO t VALUES (1)",
            "CREATE TABLE t (a INT)", "DROP TABLE t", "TRUNCATE t", "WITH a AS (SELECT 1) SELECT * FROM a",
            "SELECT * FROM t FOR UPDATE",
        ])
    func copied(text: String) throws {
        let rig = try RulesRig(servesSessions: true)
        try rig.load([[.mirrorHostgroup: Cell(4)]])
        #expect(copy(rig, text) == "4 \(text)")
    }

    @Test(
        "what belongs to its session isn't",
        arguments: [
            "SET a = 1", "BEGIN", "COMMIT", "USE shop", "KILL 5", "LOCK TABLES t READ", "SELECT GET_LOCK('a', 1)",
            "SELECT LAST_INSERT_ID()", "INSERT INTO t VALUES (@a)", "CALL p()",
            "LOAD DATA LOCAL INFILE 'a' INTO TABLE t",
            "CREATE TEMPORARY TABLE t (a INT)", "SELECT 1; BEGIN", "SELECT 'open", "SHOW TABLES", "SELECT f(1)",
        ])
    func notCopied(text: String) throws {
        let rig = try RulesRig(servesSessions: true)
        try rig.load([[.mirrorHostgroup: Cell(4)]])
        #expect(copy(rig, text) == nil)
    }

    @Test("with autocommit off only reads are: a change would be rolled back")
    func withoutAutocommit() throws {
        let rig = try RulesRig(servesSessions: true)
        try rig.load([[.mirrorHostgroup: Cell(4)]])
        _ = rig.query("DELETE FROM t")
        #expect(rig.session.mirror == nil)
        _ = rig.query("SELECT 1")
        #expect(rig.session.mirror != nil)
    }

    @Test("prepared statements have none")
    func prepared() throws {
        let rig = try RulesRig(servesSessions: true)
        try rig.load([[.mirrorHostgroup: Cell(4)]])
        _ = rig.send([0x16] + Array("SELECT 1".utf8))
        #expect(rig.session.mirror == nil)
    }
}
