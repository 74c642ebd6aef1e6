import MySQLWire
import PluginAPI
import ServerSide
import TestSupport
import Testing

@testable import AdminPlugin

@Suite("SQL at the administrator's port")
struct StatementTests {
    let rig: AdminRig
    let admin: AdminClient

    init() throws {
        rig = try AdminRig()
        admin = try rig.client()
    }

    @Test("several statements, double-quoted strings, backslashes that stand for themselves")
    func statements() throws {
        let results = try admin.results(
            #"DELETE FROM fruit; INSERT INTO fruit (name) VALUES ("a"), ('^\d+''$'); SELECT name FROM fruit"#)
        #expect(results.count == 3)
        #expect(results.last?.rows == [["a"], [#"^\d+'$"#]])
        #expect(results.last?.ok?.status.contains(.noBackslashEscapes) ?? false)
    }

    @Test("columns have names and types")
    func columns() throws {
        let answer = try admin.run("SELECT COUNT(*), name, grams, 1.5 FROM fruit")
        #expect(answer.columns.map(\.name) == ["COUNT(*)", "name", "grams", "1.5"])
        #expect(answer.columns.map(\.type) == [.longLong, .varString, .longLong, .double])
    }

    @Test("statistics are made where a statement reads them, however it names them")
    func statistics() throws {
        #expect(try admin.rows("SELECT hits FROM stats_fruit") == [["3"]])
        #expect(try admin.rows("SELECT f.HITS FROM Stats.STATS_Fruit AS f, stats_fruit g") == [["3"]])
        #expect(
            try admin.rows("SELECT \"stats_fruit_reset\", 'stats_fruit_reset'") == [
                ["stats_fruit_reset", "stats_fruit_reset"]
            ])
        #expect(try admin.rows("SELECT hits FROM stats_fruit") == [["3"]])
        #expect(try admin.rows("SELECT hits FROM stats_fruit_reset") == [["3"]])
        #expect(try admin.rows("SELECT hits FROM (SELECT * FROM `stats_fruit`)") == [["0"]])
    }

    @Test("TRUNCATE sets statistics back and empties tables")
    func truncate() throws {
        try admin.run("TRUNCATE TABLE stats.stats_fruit")
        #expect(try admin.rows("SELECT hits FROM stats_fruit") == [["0"]])
        try admin.run("TRUNCATE fruit")
        #expect(try admin.rows("SELECT * FROM fruit") == [])
    }

    @Test("prepared statements, statistics among them")
    func prepared() throws {
        _ = try admin.prepare("INSERT INTO fruit (name, grams) VALUES (?, ?)")
        #expect(try admin.execute(1, [.bytes(Array("it's".utf8)), .signed(5)]).ok?.lastInsertID == 2)
        _ = try admin.prepare("SELECT name, grams FROM fruit WHERE grams < ?")
        #expect(try admin.execute(2, [.signed(10)]).rows == [["it's", "5"]])
        _ = try admin.prepare("SELECT hits FROM stats_fruit WHERE name = ?")
        #expect(try admin.execute(3, [.bytes(Array("fig".utf8))]).rows == [["3"]])
        _ = try admin.client.ask([3] + Array("SELECT hits FROM stats_fruit_reset".utf8))
        #expect(try admin.execute(3, [.bytes(Array("fig".utf8))]).rows == [["0"]])
    }

    @Test(
        "errors are ERR with their text",
        arguments: [
            ("SELEKT 1", 1064), ("SELECT FROM", 1064), ("SELECT * FROM nowhere", 1146), ("SELECT x FROM fruit", 1054),
            ("INSERT INTO fruit (id, name) VALUES (1, 'x')", 1062), ("INSERT INTO fruit (id) VALUES (9)", 1048),
            ("INSERT INTO fruit (name, grams) VALUES ('x', -1)", 3819), ("SELECT nowhere()", 1305), (";", 1065),
            ("SELECT ?", 1064), ("USE nowhere", 1049), ("SELECT @@nothing", 1193), ("\u{1}\u{2}", 1064),
            ("SELECT 'open", 1064), ("FLUSH PRIVILEGES", 1064), ("KILL 7", 1094), ("SET nothing = 1", 1193),
        ] as [(String, UInt16)])
    func errors(_ sql: String, _ code: UInt16) throws {
        let error = try admin.error(sql)
        #expect(error?.code == code)
        #expect(error?.message.isEmpty == false)
        #expect(try admin.rows("SELECT 1") == [["1"]])
    }

    @Test(
        "what reaches beyond the tables is refused",
        arguments: [
            "ATTACH '/tmp/x' AS x", "DETACH stats", "PRAGMA writable_schema = 1", "PRAGMA main.journal_mode = DELETE",
            "SELECT load_extension('x')", "VACUUM INTO '/tmp/x'", "VACUUM", "CREATE TABLE x (a)", "DROP TABLE fruit",
            "ALTER TABLE fruit ADD x", "CREATE TRIGGER t AFTER INSERT ON fruit BEGIN SELECT 1; END", "REINDEX",
            "CREATE TEMP TABLE x (a)", "INSERT INTO stats_fruit VALUES ('x', 1)", "DELETE FROM runtime_fruit",
            "SELECT 1 WHERE load_extension('x') IS NULL",
        ])
    func refused(_ sql: String) throws {
        #expect(try admin.error(sql)?.code == 1227)
        #expect(try admin.rows("SELECT name FROM fruit") == [["fig"]])
    }

    @Test("commands that plugins offer, by their leading words")
    func commands() throws {
        #expect(try admin.run("peel  fruit 'a  b' ;").ok?.info == "peeled 'a  b'")
        #expect(try admin.error("PEEL FRUIT")?.message == "which fruit?")
        #expect(try admin.rows("explain fruit one two") == [["one"], ["two"]])
        #expect(try admin.rows("SELECT description FROM help WHERE command = 'PEEL FRUIT'") == [["peels it"]])
    }

    @Test("functions")
    func functions() throws {
        let sql =
            "SELECT DATABASE(), VERSION(), USER(), CONNECTION_ID(), FROM_UNIXTIME(0), MYSQL_NATIVE_PASSWORD('secret'), IF(1, 'a', 'b')"
        #expect(
            try admin.rows(sql) == [
                [
                    "main", AdminServer.version, "admin@127.0.0.1", "\(admin.id)", "1970-01-01 00:00:00",
                    "*14E65567ABDB5135D0CFD9A70B3032C179A49EE7", "a",
                ]
            ])
    }

    @Test("one session ends another, or its statement")
    func kill() throws {
        let other = try rig.client()
        #expect(try admin.rows("SHOW PROCESSLIST").map { $0[0] } == ["\(admin.id)", "\(other.id)"])
        #expect(try admin.run("KILL CONNECTION \(other.id)").error == nil)
        #expect(other.client.connection.closeReasons == ["the session was killed"])
    }

    @Test("a read-only port can be read and made writable again")
    func readOnly() throws {
        try admin.run("SET admin-read_only = true; LOAD ADMIN VARIABLES TO RUNTIME")
        for sql in [
            "DELETE FROM fruit", "INSERT INTO fruit (name) VALUES ('a')", "LOAD MYSQL FRUIT TO RUNTIME",
            "TRUNCATE stats_fruit",
        ] {
            #expect(try admin.run(sql).error != nil, "\(sql)")
        }
        #expect(try admin.rows("SELECT name FROM fruit") == [["fig"]])
        try admin.run("SET admin-read_only = false")
        #expect(try admin.run("DELETE FROM fruit").ok?.affectedRows == 1)
    }

    @Test("accounts change while the process runs, and are shown as hashes only")
    func credentials() throws {
        try admin.run("SET admin-stats_credentials = 'watcher:'")
        #expect(try admin.error("SET admin-stats_credentials = 'admin:x'")?.code == 1231)
        #expect(try admin.error("SET admin-admin_credentials = ''")?.code == 1231)
        try admin.run("SET admin-stats_credentials = 'watcher:secret'; LOAD ADMIN VARIABLES TO RUNTIME")
        let shown = try admin.rows("SELECT @@admin-stats_credentials")[0][0]
        #expect(shown.hasPrefix("watcher:*14E65567ABDB5135D0CFD9A70B3032C179A49EE7$"))
        #expect(rig.server.credentials.passwords["stats"] == nil)
        try admin.run("LOAD ADMIN VARIABLES TO RUNTIME")
        #expect(rig.server.credentials.passwords["watcher"]?.nativeHash.count == 20)
    }
}

@Suite("The account that reads statistics")
struct StatisticsAccountTests {
    @Test("reads statistics and lists, and nothing else")
    func limits() throws {
        let rig = try AdminRig()
        let stats = try rig.client("stats")
        #expect(try stats.rows("SELECT hits FROM stats_fruit") == [["3"]])
        #expect(try stats.rows("SHOW TABLES LIKE 'stats_f%'") == [["stats_fruit"], ["stats_fruit_reset"]])
        #expect(try stats.rows("EXPLAIN FRUIT a") == [["a"]])
        let refused = [
            "SELECT * FROM fruit", "SELECT * FROM main.fruit", "SELECT * FROM runtime_fruit", "DELETE FROM fruit",
            "INSERT INTO fruit (name) VALUES ('x')", "SELECT * FROM stats_fruit_reset", "TRUNCATE stats_fruit",
            "SELECT * FROM global_variables", "SET mysql-fruit_max = 1", "LOAD MYSQL FRUIT TO RUNTIME", "PEEL FRUIT x",
            "SAVE MYSQL FRUIT TO MEM", "SHOW CONFIG DIFF", "SELECT * FROM sqlite_schema", "SELECT @@mysql-fruit_max",
            "SELECT * FROM stats_fruit WHERE hits IN (SELECT hits FROM stats_fruit_reset)",
            "WITH x AS (SELECT * FROM fruit) SELECT * FROM x",
        ]
        for sql in refused { #expect(try stats.run(sql).error != nil, "\(sql)") }
        #expect(try stats.rows("SHOW VARIABLES LIKE 'mysql-%'") == [])
        #expect(try stats.rows("SELECT hits FROM stats_fruit") == [["3"]])
        #expect(rig.fruit.inUse == ["fig"])
    }
}
