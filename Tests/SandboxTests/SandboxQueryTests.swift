import Foundation
import MySQLWire
import TestSupport
import Testing

@testable import SandboxPlugin

@Suite("Queries of the sandbox")
struct SandboxQueryTests {
    let sandbox: Sandbox
    let client: SandboxClient

    init() throws {
        sandbox = try Sandbox()
        client = try sandbox.client()
    }

    @Test(
        "what clients ask at connect",
        arguments: [
            ("SELECT @@version_comment LIMIT 1", [["Millrace sandbox (SQLite)"]]),
            ("SELECT @@autocommit, @@session.tx_isolation AS x", [["1", "READ-COMMITTED"]]),
            ("SELECT DATABASE(), USER()", [["sandbox", "root@127.0.0.1"]]),
            ("SHOW DATABASES", [["sandbox"]]),
            ("SHOW VARIABLES LIKE 'autoc%'", [["autocommit", "1"]]),
            ("SHOW SESSION VARIABLES WHERE Variable_name IN ('wait_timeout')", [["wait_timeout", "28800"]]),
            ("SHOW WARNINGS", []),
            ("SHOW ENGINES", [["SQLite", "DEFAULT", "SQLite, the sandbox's only engine", "YES", "NO", "YES"]]),
            (
                "SELECT MD5('a'), CONCAT('a', 1), IF(1 > 2, 'y', 'n')",
                [["0cc175b9c0f1b6a831c399e269772661", "a1", "n"]]
            ),
            ("SELECT 7 / 2, 7 DIV 2, 1 / 0, GREATEST(1, 3), LEAST(1, 3)", [["3.5", "3", "NULL", "3", "1"]]),
            (
                "SELECT LPAD('5', 3, '0'), RPAD('abc', 2, 'x'), REVERSE('abc'), LOCATE('B', 'abc'), FIELD(2, 3, 2)",
                [["005", "ab", "cba", "2", "2"]]
            ),
            (
                "SELECT LPAD('a', 3, ''), LPAD(NULL, 3, 'x'), LOCATE('z', 'abc'), FIELD(1)",
                [["NULL", "NULL", "0", "0"]]
            ),
            ("SELECT LEFT('abc', 2), RIGHT('abc', 2), NULL", [["ab", "bc", "NULL"]]),
        ])
    func connectQueries(sql: String, rows: [[String]]) throws {
        #expect(try client.rows(sql) == rows)
    }

    @Test("settings are remembered and read back; unknown ones are an error")
    func settings() throws {
        #expect(try client.run("SET NAMES utf8mb4").ok != nil)
        #expect(try client.run("SET sql_mode='ANSI', @x = 6 * 7").ok != nil)
        #expect(try client.rows("SELECT @@sql_mode, @x") == [["ANSI", "42"]])
        #expect(try client.code("SET nonsense = 1") == 1193)
    }

    @Test("rows, NULLs, types, affected rows and insert ids")
    func table() throws {
        try client.run(
            "CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, a VARCHAR(9), b DOUBLE, c BLOB) ENGINE=InnoDB")
        let insert = try client.run("INSERT INTO t (a, b, c) VALUES ('x', 1.5, x'00ff'), (NULL, NULL, NULL)")
        #expect(insert.ok?.affectedRows == 2 && insert.ok?.lastInsertID == 1)
        let answer = try client.run("SELECT id, a, b, LENGTH(c) AS n FROM t ORDER BY id")
        #expect(answer.columns.map(\.type) == [.longLong, .varString, .double, .longLong])
        #expect(answer.columns.map(\.name) == ["id", "a", "b", "n"])
        #expect(answer.rows == [["1", "x", "1.5", "2"], ["2", "NULL", "NULL", "NULL"]])
        #expect(try client.rows("SELECT LAST_INSERT_ID()") == [["1"]])
        #expect(try client.rows("SHOW TABLES") == [["t"]])
        #expect(try client.rows("DESCRIBE t").map { $0[0] } == ["id", "a", "b", "c"])
        #expect(try client.rows("SHOW CREATE TABLE t").first?.first == "t")
        #expect(try client.run("UPDATE t SET a = 'y' WHERE id > 0").ok?.affectedRows == 2)
        #expect(try client.run("REPLACE INTO t (id, a) VALUES (2, 'z')").error == nil)
        try client.run("TRUNCATE TABLE t")
        #expect(try client.rows("SELECT COUNT(*) FROM t") == [["0"]])
    }

    @Test("decimals keep their digits, groups are joined, tables are renamed, columns have their expressions' names")
    func surroundings() throws {
        try client.run("CREATE TABLE d (a DECIMAL(8,2), b DECIMAL(8), c VARCHAR(5))")
        try client.run("INSERT INTO d VALUES (10.5, 3, 'x'), (NULL, 4, 'x')")
        #expect(try client.rows("SELECT a, b FROM d") == [["10.50", "3"], ["NULL", "4"]])
        #expect(try client.rows("SELECT GROUP_CONCAT(c SEPARATOR '; ') FROM d") == [["x; x"]])
        #expect(try client.code("SELECT GROUP_CONCAT(c ORDER BY c) FROM d") == 1235)
        #expect(try client.run("ALTER TABLE d DISABLE KEYS").ok != nil)
        #expect(try client.run("RENAME TABLE d TO e, e TO f").ok != nil)
        #expect(try client.rows("SHOW TABLES") == [["f"]])
        #expect(try client.run("SELECT NOW() + INTERVAL 1 DAY").columns.map(\.name) == ["NOW() + INTERVAL 1 DAY"])
    }

    @Test("errors have MySQL's numbers")
    func errors() throws {
        try client.run("CREATE TABLE u (a INT UNIQUE, b INT NOT NULL)")
        try client.run("INSERT INTO u VALUES (1, 1)")
        #expect(try client.code("INSERT INTO u VALUES (1, 2)") == 1062)
        #expect(try client.code("INSERT INTO u VALUES (2, NULL)") == 1048)
        #expect(try client.code("INSERT INTO u VALUES (2)") == 1136)
        #expect(try client.code("SELECT * FROM nowhere") == 1146)
        #expect(try client.code("DESCRIBE nowhere") == 1146)
        #expect(try client.code("SELECT frob FROM u") == 1054)
        #expect(try client.code("SELECT FROM u") == 1064)
        #expect(try client.code("CREATE TABLE u (a INT)") == 1050)
        #expect(try client.code("SELECT frob(1)") == 1305)
        #expect(try client.code("USE elsewhere") == 1049)
        #expect(try client.code(" ; ") == 1065)
        #expect(try client.rows("SELECT a FROM u") == [["1"]])
    }

    @Test("several statements in a query bring several results, up to the first error")
    func severalStatements() throws {
        let results = try client.results("SELECT 1; SET @a = 2; SELECT @a; SELECT * FROM nowhere; SELECT 3")
        #expect(results.map(\.rows) == [[["1"]], [], [["2"]], []])
        #expect(results[0].ok?.status.contains(.moreResults) == true)
        #expect(results.last?.error?.code == 1146)
    }

    @Test("sysbench's table, index, rows and prepared statements")
    func sysbench() throws {
        let table = """
            CREATE TABLE sbtest1(id INTEGER NOT NULL AUTO_INCREMENT, k INTEGER DEFAULT '0' NOT NULL, \
            c CHAR(120) DEFAULT '' NOT NULL, pad CHAR(60) DEFAULT '' NOT NULL, PRIMARY KEY (id)) /*! ENGINE = innodb */
            """
        #expect(try client.run(table).ok != nil)
        #expect(
            try client.run("INSERT INTO sbtest1(k, c, pad) VALUES(5, 'c5', 'p'),(6, 'c6', 'p')").ok?.affectedRows == 2)
        #expect(try client.run("CREATE INDEX k_1 ON sbtest1(k)").ok != nil)
        #expect(try client.prepare("SELECT c FROM sbtest1 WHERE id=?").first?.first == 0)
        #expect(try client.execute(1, [(.longLong, .signed(2))]).rows == [["c6"]])
        _ = try client.prepare("UPDATE sbtest1 SET k=k+1 WHERE id=?")
        #expect(try client.execute(2, [(.long, .signed(1))]).ok?.affectedRows == 1)
        _ = try client.prepare("SELECT SUM(k) FROM sbtest1 WHERE id BETWEEN ? AND ?")
        #expect(try client.execute(3, [(.long, .signed(1)), (.long, .signed(2))]).rows == [["12"]])
        _ = try client.prepare("BEGIN")
        #expect(try client.execute(4, []).ok?.status.contains(.inTransaction) == true)
        _ = try client.prepare("COMMIT")
        #expect(try client.execute(5, []).ok?.status.contains(.inTransaction) == false)
    }

    @Test("a prepared statement takes text, blobs, floats and NULL, and columns keep their types")
    func preparedTypes() throws {
        try client.run("CREATE TABLE v (a INT, b TEXT, c BLOB, d DOUBLE)")
        _ = try client.prepare("INSERT INTO v VALUES (?, ?, ?, ?)")
        let values: [(ColumnType, BinaryValue)] = [
            (.null, .null), (.varString, .bytes(Array("é".utf8))), (.blob, .bytes([0, 255])), (.double, .double(0.5)),
        ]
        #expect(try client.execute(1, values).ok?.affectedRows == 1)
        #expect(try client.rows("SELECT a, b, HEX(c), d FROM v") == [["NULL", "é", "00FF", "0.5"]])
    }

    @Test("ON DUPLICATE KEY UPDATE changes the row that is there")
    func upsert() throws {
        try client.run("CREATE TABLE w (a INT PRIMARY KEY, n INT)")
        for _ in 1...3 {
            try client.run("INSERT INTO w VALUES (1, 10) ON DUPLICATE KEY UPDATE n = n + VALUES(n)")
        }
        #expect(try client.rows("SELECT n FROM w") == [["30"]])
    }
}
