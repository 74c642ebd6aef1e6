import MySQLWire
import PluginAPI
import Pooling
import TestSupport
import Testing

@testable import AdminPlugin

@Suite("SHOW, and what clients ask by themselves")
struct ShowTests {
    let rig: AdminRig
    let admin: AdminClient

    init() throws {
        rig = try AdminRig()
        admin = try rig.client()
    }

    @Test("lists")
    func lists() throws {
        #expect(try admin.rows("SHOW DATABASES") == [["main"], ["stats"], ["information_schema"]])
        #expect(try admin.rows("SHOW TABLES LIKE '%fruit'") == [["fruit"], ["runtime_fruit"]])
        #expect(try admin.rows("SHOW TABLES FROM stats") == [["stats_fruit"], ["stats_fruit_reset"]])
        #expect(try admin.rows("SHOW FULL TABLES IN `main` WHERE tables = 'help'") == [["help", "BASE TABLE"]])
        #expect(try admin.rows("SHOW VARIABLES LIKE 'mysql-%'") == [["mysql-fruit_max", "5"]])
        #expect(try admin.rows("SHOW VARIABLES WHERE Variable_name IN ('mysql-fruit_max', 'autocommit')").count == 2)
        #expect(try admin.rows("SHOW ADMIN VARIABLES LIKE '%read\\_only'") == [["admin-read_only", "false"]])
        #expect(try admin.rows("SHOW MYSQL FRUIT")[0][0] == "ERROR 1064")
        #expect(try admin.rows("SHOW FRUIT") == [["1", "fig", "30"]])
    }

    @Test("a table's definition and columns")
    func table() throws {
        let body = "CREATE TABLE fruit (\(rig.fruit.tables[0].body))"
        #expect(try admin.rows("SHOW CREATE TABLE main.fruit") == [["fruit", body]])
        #expect(try admin.rows("DESC fruit").map { $0[0] } == ["id", "name", "grams"])
        #expect(try admin.rows("SHOW COLUMNS FROM fruit LIKE 'n%'") == [["name", "varchar", "NO", "", "NULL", ""]])
        #expect(try admin.rows("SHOW FIELDS FROM stats_fruit FROM stats").map { $0[0] } == ["name", "hits"])
        #expect(try admin.rows("SHOW FIELDS FROM nothing")[0][0] == "ERROR 1146")
    }

    @Test("numbers in Prometheus's format")
    func prometheus() throws {
        let text = try admin.rows("SHOW PROMETHEUS METRICS")[0][0]
        #expect(text == "# TYPE millrace_fruit_hits untyped\nmillrace_fruit_hits{name=\"fig\"} 3\n")
    }

    @Test("mysql-proxy's tables")
    func proxyTables() throws {
        try rig.host.backends.add(.tcp(host: "10.0.0.1", port: 3306), role: .readWrite)
        let answer = try admin.run("SELECT * FROM backends")
        #expect(answer.columns.map(\.name) == ["backend_ndx", "address", "state", "type", "uuid", "connected_clients"])
        #expect(answer.rows == [["1", "10.0.0.1:3306", "unknown", "rw", "NULL", "0"]])
    }

    @Test(
        "what clients and tools say at their start is answered",
        arguments: [
            // mariadb and mysql: start, \s, completion.
            "select @@version_comment limit 1", "select DATABASE(), USER() limit 1",
            "select @@character_set_client, @@character_set_connection, @@character_set_server, @@character_set_database limit 1",
            "SELECT DATABASE()", "show databases", "show tables", "show session status like 'ssl_version'",
            // PyMySQL and other drivers.
            "SET NAMES utf8mb4", "SET AUTOCOMMIT = 0", "SET autocommit=1", "COMMIT",
            "SET NAMES 'utf8mb4' COLLATE 'utf8mb4_general_ci'",
            "SET @@session.autocommit = OFF", "SET sql_mode='STRICT_TRANS_TABLES'", "SELECT @@SQL_MODE",
            "SET character_set_results = NULL",
            // Connector/J, as DBeaver uses it.
            "/* mysql-connector-j-8.2.0 */SELECT  @@session.auto_increment_increment AS auto_increment_increment, @@character_set_client AS character_set_client, @@character_set_connection AS character_set_connection, @@character_set_results AS character_set_results, @@character_set_server AS character_set_server, @@collation_server AS collation_server, @@collation_connection AS collation_connection, @@init_connect AS init_connect, @@interactive_timeout AS interactive_timeout, @@license AS license, @@lower_case_table_names AS lower_case_table_names, @@max_allowed_packet AS max_allowed_packet, @@net_write_timeout AS net_write_timeout, @@performance_schema AS performance_schema, @@sql_mode AS sql_mode, @@system_time_zone AS system_time_zone, @@time_zone AS time_zone, @@transaction_isolation AS transaction_isolation, @@wait_timeout AS wait_timeout",
            "SHOW WARNINGS", "SELECT @@session.transaction_read_only",
            "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
            "SELECT @@session.transaction_isolation", "/* ApplicationName=DBeaver 24.1.0 - Main */ SET autocommit=1",
            "/* ApplicationName=DBeaver 24.1.0 - Metadata */ SELECT DATABASE()",
            "/* ApplicationName=DBeaver 24.1.0 - Main */ SELECT @@GLOBAL.character_set_server,@@GLOBAL.collation_server",
            "SHOW ENGINES", "SHOW CHARSET", "SHOW COLLATION", "SHOW PLUGINS", "SHOW STATUS", "SHOW GLOBAL STATUS",
            "SHOW VARIABLES",
            "SELECT * FROM information_schema.TABLES t WHERE t.TABLE_SCHEMA = 'information_schema' AND t.TABLE_NAME = 'CHECK_CONSTRAINTS'",
            "SHOW FULL TABLES FROM `main`", "SHOW TABLE STATUS FROM `main`", "SHOW FULL PROCESSLIST",
            "SHOW TRIGGERS FROM `main`",
            "SELECT * FROM information_schema.COLUMNS c WHERE c.TABLE_SCHEMA='main' AND c.TABLE_NAME='fruit' ORDER BY c.ORDINAL_POSITION",
            "SELECT * FROM information_schema.PARTITIONS WHERE TABLE_SCHEMA='main' AND TABLE_NAME='fruit'",
            "SHOW INDEX FROM `fruit` FROM `main`", "SHOW EVENTS FROM `main`", "SHOW PROCEDURE STATUS WHERE Db='main'",
            "SELECT SCHEMA_NAME, DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME FROM INFORMATION_SCHEMA.SCHEMATA",
            // mycli.
            "SELECT CONNECTION_ID()", "SHOW DATABASES", "SHOW TABLES",
            "select TABLE_NAME, COLUMN_NAME from information_schema.columns where table_schema = 'main' order by table_name,ordinal_position",
            #"SELECT ROUTINE_NAME FROM INFORMATION_SCHEMA.ROUTINES WHERE ROUTINE_TYPE="FUNCTION" AND ROUTINE_SCHEMA = "main""#,
            "SHOW VARIABLES LIKE 'version%'", "SHOW FUNCTION STATUS WHERE Db='main'", "SHOW CREATE TABLE `fruit`",
            // mysqldump.
            "/*!40100 SET @@SQL_MODE='' */", "LOCK TABLES `fruit` READ",
            "SELECT /*!40001 SQL_NO_CACHE */ * FROM `fruit`", "UNLOCK TABLES",
        ])
    func chatter(_ sql: String) throws {
        #expect(try admin.error(sql) == nil)
    }

    @Test("variables come under the names that they were asked by")
    func variableNames() throws {
        let answer = try admin.run(
            "SELECT @@version_comment, @@max_allowed_packet AS m, @@mysql-fruit_max, @@global.autocommit LIMIT 1")
        #expect(answer.columns.map(\.name) == ["@@version_comment", "m", "@@mysql-fruit_max", "@@global.autocommit"])
        #expect(answer.rows == [["Millrace admin port (SQLite)", "67108864", "5", "1"]])
    }
}

@Suite("Quick INSERTs")
struct InsertShapeTests {
    private func template(_ sql: String) -> String? {
        InsertShape(Array(sql.utf8)).map { String(decoding: $0.template, as: UTF8.self) }
    }

    @Test("plain values become parameters")
    func shapes() {
        #expect(
            template("INSERT INTO t (a, `b`) VALUES (1, 'x''y'), (-2.5,NULL);")
                == "INSERT INTO t (a, `b`) VALUES(?,?),(?,?)")
        #expect(template("replace into main.t values (\"x\")") == "replace into main.t values(?)")
    }

    @Test(
        "everything else takes the long way",
        arguments: [
            "INSERT INTO t SELECT 1, 2, 3", "INSERT INTO t VALUES (zeroblob(1000000000))",
            "INSERT INTO t VALUES (1); DELETE FROM t",
            "INSERT INTO t VALUES ((SELECT 1))", "INSERT INTO t VALUES (1) RETURNING a", "INSERT INTO t VALUES (1 + 2)",
            "INSERT INTO t VALUES (1,)", "INSERT INTO t VALUES ()", "INSERT INTO t VALUES ('open)",
            "UPDATE t SET a = 1 WHERE b = 2",
            "INSERT INTO t VALUES (99999999999999999999)", "INSERT INTO t (a) VALUES (?)",
            "INSERT INTO t VALUES (x'00')", "INSERT OR ROLLBACK INTO t VALUES (1)",
        ])
    func longWay(_ sql: String) { #expect(template(sql) == nil) }

    @Test("rows that were inserted quickly are everybody's at once")
    func visibility() throws {
        let rig = try AdminRig()
        let (one, two) = (try rig.client(), try rig.client())
        for number in 1...1200 {
            #expect(try one.run("INSERT INTO fruit (name) VALUES ('n\(number)')").ok?.affectedRows == 1)
            if number % 100 == 7 { #expect(try two.rows("SELECT COUNT(*) FROM fruit") == [["\(number + 1)"]]) }
        }
        #expect(try one.error("INSERT INTO fruit (id, name) VALUES (1, 'again')")?.code == 1062)
        try two.run("INSERT INTO fruit (name) VALUES ('other')")
        #expect(try one.rows("SELECT COUNT(*) FROM fruit") == [["1202"]])
        try one.run("INSERT INTO fruit (name) VALUES ('last')")
        one.client.session.ended()
        #expect(try rig.client().rows("SELECT COUNT(*) FROM fruit") == [["1203"]])
    }

    @Test("two sessions that insert at the same time don't keep each other waiting")
    func twoWriters() throws {
        let rig = try AdminRig()
        let (one, two) = (try rig.client(), try rig.client())
        let begun = ContinuousClock.now
        for number in 1...50 {
            #expect(try one.run("INSERT INTO fruit (name) VALUES ('a\(number)')").error == nil)
            #expect(try two.run("INSERT INTO fruit (name) VALUES ('b\(number)')").error == nil)
            #expect(try two.run("UPDATE fruit SET grams = 1 WHERE name = 'a\(number)'").ok?.affectedRows == 1)
        }
        #expect(begun.duration(to: .now) < .seconds(20))
        #expect(try one.rows("SELECT COUNT(*) FROM fruit") == [["101"]])
    }

    @Test("the values are the same either way")
    func values() throws {
        let rig = try AdminRig()
        let admin = try rig.client()
        try admin.run("DELETE FROM fruit")
        try admin.run(#"INSERT INTO fruit (name, grams) VALUES ("a""b", '12'), ('', 1.0), ('größe\', NULL)"#)
        try admin.run(#"INSERT INTO fruit (name, grams) VALUES ("a""b", '12'), ('', 1.0), ('größe\', 0 + NULL)"#)
        let rows = try admin.rows("SELECT name, grams, typeof(grams) FROM fruit")
        #expect(
            rows == [["a\"b", "12", "integer"], ["", "1", "integer"], [#"größe\"#, "NULL", "null"]] + rows[..<3])
    }
}
