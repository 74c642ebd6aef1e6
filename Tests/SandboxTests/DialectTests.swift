import MySQLWire
import Testing

@testable import SandboxPlugin

@Suite("The sandbox's dialect")
struct DialectTests {
    func translate(_ sql: String) throws -> Statement {
        let source = Array(sql.utf8)
        let rewriter = Rewriter(schema: "sandbox", source: source, knowsVariable: { $0 != "nonsense" })
        let dialect = Dialect(rewriter: rewriter, listings: Listings(variables: { [("a", "1")] }))
        return try dialect.translate(try Dialect.split(source)[0])
    }

    @Test(
        "queries are rewritten",
        arguments: [
            ("SELECT 'it\\'s'", "SELECT 'it''s' AS \"it's\""),
            ("SELECT \"a\" FROM t", "SELECT 'a' AS \"a\" FROM t"),
            ("SELECT `a``b` FROM sandbox.`t`", "SELECT \"a`b\" FROM \"t\""),
            ("SELECT COUNT(*) FROM t", "SELECT COUNT(*) AS \"COUNT(*)\" FROM t"),
            ("SELECT @@autocommit LIMIT 1", "SELECT sandbox_system('autocommit') AS \"@@autocommit\" LIMIT 1"),
            ("SELECT @@session.a x, @u", "SELECT sandbox_system('a') x , sandbox_user('u') AS \"@u\""),
            ("SELECT IF(a<=>b, 1, 2) AS c FROM t", "SELECT iif(a IS b, 1, 2) AS c FROM t"),
            ("SELECT a FROM t WHERE b LIKE 'x\\_%'", "SELECT a FROM t WHERE b LIKE 'x\\_%' ESCAPE '\\'"),
            (
                "DELETE FROM t WHERE t.a < NOW() - INTERVAL 1 DAY",
                "DELETE FROM t WHERE t.a < sandbox_interval(CURRENT_TIMESTAMP, 1, 'DAY', -1)"
            ),
            (
                "UPDATE t SET a = t.a + INTERVAL ? month",
                "UPDATE t SET a = sandbox_interval(t.a, ?, 'MONTH', 1)"
            ),
            ("SELECT a FROM t USE INDEX (k) WHERE a = 0x4142", "SELECT a FROM t WHERE a = X'4142'"),
            ("select /*!40001 SQL_NO_CACHE */ a from t # end", "select a from t"),
            ("SELECT a FROM t LIMIT 5,10", "SELECT a FROM t LIMIT 5,10"),
            ("INSERT t VALUE (1)", "INSERT INTO \"t\" VALUES (1)"),
            ("INSERT IGNORE INTO t SET a=1, b='x'", "INSERT OR IGNORE INTO \"t\" (\"a\", \"b\") VALUES (1, 'x')"),
            ("INSERT INTO t () VALUES ()", "INSERT INTO \"t\" DEFAULT VALUES"),
            ("INSERT INTO t VALUES (_binary'\\0a')", "INSERT INTO \"t\" VALUES (X'0061')"),
            (
                "INSERT INTO t VALUES (1) ON DUPLICATE KEY UPDATE b = b + VALUES(b)",
                "INSERT INTO \"t\" VALUES (1) ON CONFLICT DO UPDATE SET b = b + excluded.b"
            ),
            ("REPLACE INTO t VALUES (1)", "REPLACE INTO \"t\" VALUES (1)"),
            ("UPDATE IGNORE t SET a = a && b", "UPDATE OR IGNORE t SET a = a AND b"),
        ])
    func queries(mysql: String, sqlite: String) throws {
        let expected = squeezed(sqlite)
        guard case .run(let texts) = try translate(mysql) else { throw SQLError.syntax(mysql) }
        #expect(texts.map(squeezed) == [expected])
    }

    /// White space between tokens is the rewriter's own affair.
    private func squeezed(_ sql: String) -> String {
        sql.split(separator: " ").joined(separator: " ").trimmingSuffix(" ")
    }

    @Test("a query that locks is told apart")
    func locking() throws {
        guard case .lock(let text) = try translate("SELECT a FROM t FOR UPDATE") else { throw SQLError.syntax("") }
        #expect(squeezed(text) == "SELECT a FROM t")
    }

    @Test(
        "definitions are rewritten",
        arguments: [
            (
                "CREATE TABLE t (id INT UNSIGNED NOT NULL AUTO_INCREMENT, a VARCHAR(5) CHARACTER SET utf8mb4 DEFAULT '' "
                    + "COMMENT 'x', PRIMARY KEY (id), UNIQUE KEY u (a), KEY k (a(3))) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4",
                [
                    "CREATE TABLE \"t\" (\"id\" INTEGER PRIMARY KEY AUTOINCREMENT, \"a\" VARCHAR(5) COLLATE NOCASE DEFAULT '', UNIQUE (\"a\"))",
                    "CREATE INDEX \"t.k\" ON \"t\" (\"a\")",
                ]
            ),
            (
                "CREATE TABLE IF NOT EXISTS t (a ENUM('x') , b TIMESTAMP DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP)",
                [
                    "CREATE TABLE IF NOT EXISTS \"t\" (\"a\" TEXT COLLATE NOCASE, \"b\" TIMESTAMP DEFAULT CURRENT_TIMESTAMP)"
                ]
            ),
            ("CREATE INDEX k_1 ON sbtest1(k)", ["CREATE INDEX \"sbtest1.k_1\" ON \"sbtest1\" (\"k\")"]),
            ("DROP TABLE IF EXISTS a, b", ["DROP TABLE IF EXISTS \"a\"", "DROP TABLE IF EXISTS \"b\""]),
            ("DROP INDEX k ON t", ["DROP INDEX \"t.k\""]),
            ("TRUNCATE TABLE t", ["DELETE FROM \"t\""]),
            ("ALTER TABLE t ADD COLUMN b INT UNSIGNED NULL", ["ALTER TABLE \"t\" ADD COLUMN \"b\" INT NULL"]),
            ("ALTER TABLE t ADD UNIQUE KEY u (b)", ["CREATE UNIQUE INDEX \"t.u\" ON \"t\" (\"b\")"]),
        ])
    func definitions(mysql: String, sqlite: [String]) throws {
        #expect(try translate(mysql) == .define(sqlite))
    }

    @Test("SET in its forms")
    func sets() throws {
        let expected: [Assignment] = [
            Assignment(isUserVariable: false, name: "autocommit", value: .expression("0")),
            Assignment(isUserVariable: true, name: "u", value: .expression("1 + 2")),
            Assignment(isUserVariable: false, name: "sql_mode", value: .word("DEFAULT")),
        ]
        #expect(try translate("SET @@session.autocommit=0, @u := 1 + 2, SESSION sql_mode = DEFAULT") == .set(expected))
        let level = ["transaction_isolation", "tx_isolation"].map {
            Assignment(isUserVariable: false, name: $0, value: .word("READ-COMMITTED"))
        }
        #expect(try translate("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED") == .set(level))
    }

    @Test(
        "what SQLite can't do, or clients mustn't, has a clear error",
        arguments: [
            ("ATTACH DATABASE 'x' AS y", 1227), ("PRAGMA journal_mode", 1227), ("VACUUM INTO 'x'", 1227),
            ("SELECT * FROM pragma_database_list", 1227), ("SELECT load_extension('x')", 1227),
            ("CREATE DATABASE other", 1235), ("CREATE PROCEDURE p() SELECT 1", 1235), ("LOAD DATA INFILE 'x'", 1235),
            ("SELECT * FROM information_schema.processlist", 1235), ("SELECT @@nonsense", 1193), ("FROB", 1064),
            ("SELECT 'open", 1064), ("SELECT 1 /* open", 1064), ("CREATE VIRTUAL TABLE v USING fts5(a)", 1235),
        ])
    func refusals(sql: String, code: Int) throws {
        let error = #expect(throws: SQLError.self) { try translate(sql) }
        #expect(error.map { Int($0.code) } == code)
    }

    @Test("statements are cut at semicolons outside of strings")
    func split() throws {
        #expect(try Dialect.split(Array("SELECT ';'; ; SELECT 2;".utf8)).count == 2)
    }
}

extension String {
    fileprivate func trimmingSuffix(_ suffix: Character) -> String {
        var text = self
        while text.last == suffix { text.removeLast() }
        return text
    }
}
