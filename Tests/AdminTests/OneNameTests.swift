import MySQLWire
import PluginAPI
import TestSupport
import Testing

@testable import AdminPlugin

@Suite("The rows of one name move alone between memory and runtime")
struct OneNameTests {
    private let rig: AdminRig
    private let admin: AdminClient

    init() throws {
        rig = try AdminRig()
        admin = try rig.client()
        try admin.run("INSERT INTO fruit (name) VALUES ('plum'), ('odd'), ('rotten'), ('sour-cherry'), ('Plum')")
    }

    @Test(
        "every form of LOAD, and of the name",
        arguments: [
            ("LOAD MYSQL PIECE plum TO RUNTIME", "plum"), ("load mysql  piece plum from memory;", "plum"),
            ("LOAD MYSQL PIECE 'plum' TO RUN", "plum"), ("LOAD MYSQL PIECE \"Plum\" FROM MEM", "Plum"),
            ("LOAD MYSQL PIECE `sour-cherry` TO RUNTIME", "sour-cherry"),
            ("LOAD MYSQL PIECE sour-cherry TO RUNTIME", "sour-cherry"),
        ])
    func load(_ sql: String, _ loaded: String) throws {
        #expect(try admin.run(sql).error == nil)
        #expect(rig.fruit.inUse == ["fig", loaded])
    }

    @Test("what is in use already gives way to what memory has of it")
    func replaces() throws {
        try admin.run("UPDATE fruit SET grams = 99; LOAD MYSQL PIECE fig TO RUNTIME")
        #expect(try admin.rows("SELECT name, grams FROM runtime_fruit") == [["fig", "99"]])
    }

    @Test("only that name is checked, and one that can't be used changes nothing")
    func checks() throws {
        let error = try #require(try admin.error("LOAD MYSQL PIECE rotten TO RUNTIME"))
        #expect(error.message == "Nothing was loaded: fruit, id 4, name: it is rotten; take another")
        #expect(try admin.error("LOAD MYSQL PIECE rotten VERIFY")?.code == 1231)
        #expect(rig.fruit.inUse == ["fig"])
        #expect(try admin.run("LOAD MYSQL PIECE odd VERIFY").ok?.warnings == 1)
        #expect(rig.fruit.inUse == ["fig"])
        try admin.run("LOAD MYSQL PIECE odd TO RUNTIME")
        #expect(try admin.rows("SHOW WARNINGS").map { $0[2] } == ["fruit 3 is odd"])
        #expect(rig.fruit.inUse == ["fig", "odd"])
    }

    @Test(
        "a name that nobody knows is an error that says so",
        arguments: ["LOAD MYSQL PIECE pear TO RUNTIME", "SAVE MYSQL PIECE pear FROM RUNTIME"])
    func unknown(_ sql: String) throws {
        let error = try #require(try admin.error(sql))
        #expect(error.message == "There is no 'pear' in fruit, neither in memory nor in use")
        #expect(rig.fruit.inUse == ["fig"])
    }

    @Test("what memory has no more is taken out of use, with a warning")
    func gone() throws {
        try admin.run("LOAD MYSQL PIECE plum TO RUNTIME; DELETE FROM fruit WHERE name = 'fig'")
        #expect(try admin.run("LOAD MYSQL PIECE fig TO RUNTIME").ok?.warnings == 1)
        #expect(
            try admin.rows("SHOW WARNINGS").map { $0[2] } == [
                "'fig' is not in fruit any more, and was taken out of use"
            ])
        #expect(rig.fruit.inUse == ["plum"])
    }

    @Test(
        "SAVE brings one name back into memory",
        arguments: ["SAVE MYSQL PIECE fig FROM RUNTIME", "SAVE MYSQL PIECE fig TO MEM"])
    func save(_ sql: String) throws {
        try admin.run("UPDATE fruit SET grams = 99")
        #expect(try admin.run(sql).error == nil)
        #expect(
            try admin.rows("SELECT name, grams FROM fruit ORDER BY id LIMIT 2") == [["fig", "30"], ["plum", "99"]])
    }

    @Test("one name has no disk of its own, and a word that is missing is told")
    func refused() throws {
        for sql in [
            "SAVE MYSQL PIECE fig TO DISK", "LOAD MYSQL PIECE fig FROM DISK", "LOAD MYSQL PIECE fig FROM CONFIG",
        ] {
            #expect(try admin.error(sql)?.message.hasPrefix("MYSQL PIECE moves between memory and runtime") == true)
        }
        #expect(
            try admin.error("LOAD MYSQL PIECE TO RUNTIME")?.message.hasPrefix("There is no section MYSQL PIECE") == true
        )
        #expect(try admin.error("LOAD MYSQL PIECE fig")?.code == 1064)
        #expect(try admin.error("SAVE MYSQL PIECE fig VERIFY")?.code == 1064)
        #expect(try rig.client("stats").error("LOAD MYSQL PIECE fig TO RUNTIME") != nil)
    }
}
