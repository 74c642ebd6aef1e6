import MySQLWire
import PluginAPI
import TestSupport
import Testing

@testable import AdminPlugin

@Suite("Transactions at the administrator's port")
struct TransactionTests {
    let rig: AdminRig
    let admin: AdminClient
    let other: AdminClient

    init() throws {
        rig = try AdminRig()
        admin = try rig.client()
        other = try rig.client()
    }

    @Test("what BEGIN begins is seen by others after COMMIT, quick INSERTs among it")
    func commit() throws {
        #expect(try admin.run("BEGIN").ok?.status.contains(.inTransaction) == true)
        try admin.run("INSERT INTO fruit (name) VALUES ('plum')")
        try admin.run("UPDATE fruit SET grams = 1")
        #expect(try admin.rows("SELECT name, grams FROM fruit") == [["fig", "1"], ["plum", "1"]])
        #expect(try other.rows("SELECT name, grams FROM fruit") == [["fig", "30"]])
        #expect(try admin.run("COMMIT").ok?.status.contains(.inTransaction) == false)
        #expect(try other.rows("SELECT name FROM fruit") == [["fig"], ["plum"]])
    }

    @Test("ROLLBACK takes all of it back, ROLLBACK TO a part")
    func rollback() throws {
        try admin.run("START TRANSACTION; DELETE FROM fruit; SET mysql-fruit_max = 50")
        try admin.run("INSERT INTO fruit (name) VALUES ('quick')")
        #expect(try admin.run("ROLLBACK").ok?.warnings == 0)
        #expect(try admin.rows("SELECT name FROM fruit") == [["fig"]])
        #expect(try admin.rows("SELECT @@mysql-fruit_max") == [["5"]])
        try admin.run("BEGIN; INSERT INTO fruit (name) VALUES ('a'); SAVEPOINT one; DELETE FROM fruit")
        try admin.run("ROLLBACK TO SAVEPOINT one; RELEASE SAVEPOINT one; COMMIT")
        #expect(try other.rows("SELECT name FROM fruit") == [["fig"], ["a"]])
    }

    @Test("without BEGIN a ROLLBACK says that there is nothing to roll back")
    func nothing() throws {
        try admin.run("SET autocommit = 0; DELETE FROM fruit")
        #expect(try admin.run("ROLLBACK").ok?.warnings == 1)
        #expect(try other.rows("SELECT * FROM fruit") == [])
        #expect(try admin.error("ROLLBACK TO nowhere")?.code == 1305)
        #expect(try admin.run("COMMIT").error == nil)
    }

    @Test("LOAD commits, so that it uses what was written")
    func load() throws {
        try admin.run("BEGIN; DELETE FROM fruit; LOAD MYSQL FRUIT TO RUNTIME; ROLLBACK")
        #expect(rig.fruit.inUse == [])
        #expect(try other.rows("SELECT * FROM fruit") == [])
    }

    @Test("a failed statement takes back itself only, and who goes away leaves nothing behind")
    func failure() throws {
        try admin.run("BEGIN; INSERT INTO fruit (name) VALUES ('kept')")
        #expect(try admin.error("INSERT INTO fruit (name) SELECT 'x' UNION ALL SELECT NULL")?.code == 1048)
        #expect(try admin.rows("SELECT name FROM fruit") == [["fig"], ["kept"]])
        admin.client.session.ended()
        #expect(try other.rows("SELECT name FROM fruit") == [["fig"]])
        #expect(try other.run("DELETE FROM fruit").ok?.affectedRows == 1)
    }

    @Test("of several statements in a packet those before the one that fails have their effect, those behind it none")
    func packet() throws {
        let sql = "INSERT INTO fruit (name) VALUES ('before'); INSERT INTO nowhere VALUES (1); DELETE FROM fruit"
        let results = try admin.results(sql)
        #expect(results.map { $0.error?.code } == [nil, 1146])
        #expect(try admin.rows("SELECT name FROM fruit") == [["fig"], ["before"]])
    }

    @Test("who writes while another one's transaction is open is told so")
    func conflict() throws {
        try admin.run("BEGIN; DELETE FROM fruit")
        #expect(try other.error("UPDATE fruit SET grams = 1")?.code == 1205)
        #expect(try other.rows("SELECT name FROM fruit") == [["fig"]])
        try admin.run("COMMIT")
        #expect(try other.run("INSERT INTO fruit (name) VALUES ('x')").error == nil)
    }
}
