import MySQLWire
import PluginAPI
import TestSupport
import Testing

@testable import AdminPlugin

@Suite("Configuration moves between memory, runtime, disk and file")
struct LayerTests {
    @Test("memory begins as what is in use, and nothing takes effect before LOAD")
    func loadToRuntime() throws {
        let rig = try AdminRig()
        let admin = try rig.client()
        #expect(try admin.rows("SELECT * FROM fruit") == [["1", "fig", "30"]])
        #expect(try admin.run("INSERT INTO fruit (name) VALUES ('plum')").ok?.affectedRows == 1)
        #expect(rig.fruit.inUse == ["fig"])
        #expect(try admin.rows("SELECT name FROM runtime_fruit") == [["fig"]])
        #expect(try admin.run("LOAD MYSQL FRUIT TO RUNTIME").error == nil)
        #expect(rig.fruit.inUse == ["fig", "plum"])
        #expect(try admin.rows("SELECT id, name, grams FROM main.runtime_fruit WHERE id = 2") == [["2", "plum", "7"]])
    }

    @Test(
        "every form of LOAD … TO RUNTIME",
        arguments: [
            "LOAD MYSQL FRUIT TO RUNTIME", "load mysql  fruit\tto run", "Load Mysql Fruit From Memory;",
            "LOAD MYSQL FRUIT FROM MEM",
        ])
    func formsOfLoad(_ sql: String) throws {
        let rig = try AdminRig()
        let admin = try rig.client()
        try admin.run("DELETE FROM fruit")
        #expect(try admin.run(sql).error == nil)
        #expect(rig.fruit.inUse == [])
    }

    @Test(
        "every form of SAVE … TO MEMORY",
        arguments: [
            "SAVE MYSQL FRUIT FROM RUNTIME", "SAVE MYSQL FRUIT TO MEMORY", "SAVE MYSQL FRUIT FROM RUN",
            "save mysql fruit to mem",
        ])
    func formsOfSave(_ sql: String) throws {
        let rig = try AdminRig()
        let admin = try rig.client()
        try admin.run("DELETE FROM fruit")
        #expect(try admin.run(sql).error == nil)
        #expect(try admin.rows("SELECT name FROM fruit") == [["fig"]])
    }

    @Test("a LOAD that can't be used changes nothing, and says where the fault is")
    func allOrNothing() throws {
        let rig = try AdminRig()
        let admin = try rig.client()
        try admin.run("INSERT INTO fruit (name) VALUES ('plum'), ('rotten')")
        let error = try #require(try admin.error("LOAD MYSQL FRUIT TO RUNTIME"))
        #expect(error.message == "Nothing was loaded: fruit, id 3, name: it is rotten; take another")
        #expect(rig.fruit.inUse == ["fig"])
        #expect(try admin.error("LOAD MYSQL FRUIT VERIFY") != nil)
    }

    @Test("warnings are counted, and told until the next statement")
    func warnings() throws {
        let rig = try AdminRig()
        let admin = try rig.client()
        try admin.run("INSERT INTO fruit (name) VALUES ('odd')")
        #expect(try admin.run("LOAD MYSQL FRUIT VERIFY").ok?.warnings == 1)
        #expect(rig.fruit.inUse == ["fig"])
        #expect(try admin.run("LOAD MYSQL FRUIT TO RUNTIME").ok?.warnings == 1)
        #expect(try admin.rows("SHOW WARNINGS") == [["Warning", "1105", "fruit 2 is odd"]])
        try admin.run("SELECT 1")
        #expect(try admin.rows("SHOW WARNINGS") == [])
    }

    @Test("without a disk layer, saving says what to give")
    func noDisk() throws {
        let rig = try AdminRig()
        let error = try rig.client().error("SAVE MYSQL FRUIT TO DISK")
        #expect(error?.message.contains("--admin-database") ?? false)
    }

    @Test("what is saved is in use after the next start, and what wasn't saved isn't")
    func disk() throws {
        let file = try ScratchFile()
        do {
            let rig = try AdminRig(database: file.path)
            let admin = try rig.client()
            try admin.run("INSERT INTO fruit (name) VALUES ('plum'); SAVE MYSQL FRUIT TO DISK")
            try admin.run("INSERT INTO fruit (name) VALUES ('lost'); SET mysql-fruit_max = 9")
            #expect(try admin.rows("SELECT name FROM disk.fruit ORDER BY id") == [["fig"], ["plum"]])
            try admin.run("LOAD MYSQL FRUIT FROM DISK")
            #expect(try admin.rows("SELECT COUNT(*) FROM fruit") == [["2"]])
        }
        let rig = try AdminRig(database: file.path)
        #expect(rig.fruit.inUse == ["fig", "plum"])
        #expect(rig.limit == 5)
        #expect(try rig.client().rows("SELECT name FROM fruit ORDER BY id") == [["fig"], ["plum"]])
    }

    @Test("what was saved and can't be used any more is logged, stays in the tables, and changes nothing")
    func brokenDisk() throws {
        let file = try ScratchFile()
        do {
            let rig = try AdminRig(database: file.path)
            try rig.client().run("INSERT INTO fruit (name) VALUES ('rotten'); SAVE MYSQL FRUIT TO DISK")
        }
        let rig = try AdminRig(database: file.path)
        #expect(rig.fruit.inUse == ["fig"])
        #expect(rig.host.logged.contains { $0.contains("it is rotten") })
        #expect(try rig.client().rows("SELECT name FROM fruit ORDER BY id") == [["fig"], ["rotten"]])
    }

    @Test("the differences between the layers are listed")
    func differences() throws {
        let rig = try AdminRig()
        let admin = try rig.client()
        #expect(try admin.rows("SHOW CONFIG DIFF") == [])
        try admin.run("UPDATE fruit SET grams = 31; INSERT INTO fruit (name) VALUES ('plum')")
        try admin.run("SET mysql-fruit_max = '6'; SET admin-read_only = 0")
        #expect(
            try admin.rows("SHOW CONFIG DIFF") == [
                ["MYSQL FRUIT", "fruit", "id 1", "grams", "31", "30", "NULL"],
                ["MYSQL FRUIT", "fruit", "id 2", "", "present", "absent", "NULL"],
                [
                    "MYSQL VARIABLES", "global_variables", "variable_name mysql-fruit_max", "variable_value", "6", "5",
                    "NULL",
                ],
            ])
    }

    @Test("a configuration file is run at the start, and read again for one section")
    func file() throws {
        let file = try ScratchFile(
            """
            # fruit
            DELETE FROM fruit; -- all of them
            INSERT INTO fruit (name) VALUES ("quince");
            SET mysql-fruit_max = 8;
            LOAD MYSQL FRUIT TO RUNTIME; LOAD MYSQL VARIABLES TO RUNTIME;
            """)
        let rig = try AdminRig(file: file.path)
        #expect(rig.fruit.inUse == ["quince"])
        #expect(rig.limit == 8)
        let admin = try rig.client()
        try admin.run("DELETE FROM fruit; SET mysql-fruit_max = 1")
        #expect(try admin.run("LOAD MYSQL FRUIT FROM CONFIG").error == nil)
        #expect(try admin.rows("SELECT name FROM fruit") == [["quince"]])
        #expect(try admin.rows("SELECT @@mysql-fruit_max") == [["1"]])
        try admin.run("LOAD MYSQL VARIABLES FROM CONFIG")
        #expect(try admin.rows("SELECT @@mysql-fruit_max") == [["8"]])
    }

    @Test("an error in the configuration file names its line")
    func brokenFile() throws {
        let file = try ScratchFile("DELETE FROM fruit;\n\n/* two\nlines */ INSERT INTO fruits VALUES (1);\n")
        let error = #expect(throws: OptionError.self) { try AdminRig(file: file.path) }
        #expect(error?.description == "--admin-config-file=\(file.path): line 4: no such table: fruits")
    }

    @Test("settings are checked when they are set, and take effect with LOAD")
    func variables() throws {
        let rig = try AdminRig()
        let admin = try rig.client()
        #expect(try admin.error("SET mysql-fruit_min = 1")?.code == 1193)
        #expect(try admin.error("SET mysql-fruit_max = 'many'")?.code == 1231)
        #expect(
            try admin.error("UPDATE global_variables SET variable_value = 0 WHERE variable_name = 'mysql-fruit_max'")?
                .code == 1231)
        #expect(try admin.error("INSERT INTO global_variables VALUES ('mysql-x', '1')")?.code == 1193)
        #expect(try admin.run("SET mysql-fruit_max='77', admin-read_only=false").ok?.affectedRows == 2)
        #expect(rig.limit == 5)
        #expect(try admin.rows("SHOW MYSQL VARIABLES LIKE '%max'") == [["mysql-fruit_max", "77"]])
        try admin.run("LOAD ADMIN VARIABLES TO RUNTIME")
        #expect(rig.limit == 5)
        try admin.run("LOAD MYSQL VARIABLES TO RUNTIME")
        #expect(rig.limit == 77)
        let sql = "SELECT variable_value FROM runtime_global_variables WHERE variable_name = 'mysql-fruit_max'"
        #expect(try admin.rows(sql) == [["77"]])
    }

    @Test("unknown sections and forms are errors")
    func unknown() throws {
        let rig = try AdminRig()
        let admin = try rig.client()
        for sql in [
            "LOAD MYSQL BERRIES TO RUNTIME", "LOAD MYSQL FRUIT TO NOWHERE", "SAVE MYSQL FRUIT TO RUNTIME", "LOAD",
        ] {
            #expect(try admin.error(sql)?.code == 1064, "\(sql)")
        }
    }
}
