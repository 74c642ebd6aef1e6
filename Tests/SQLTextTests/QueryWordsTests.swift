import SQLText
import Testing

@Suite("Words of queries")
struct QueryWordsTests {
    private func effects(_ text: String) -> StatementEffects { StatementEffects(of: Array(text.utf8).span) }

    @Test(
        "a query opens tables where FROM stands outside parentheses, not before DUAL",
        arguments: [
            ("SELECT 1", false), ("SELECT 1 FROM DUAL WHERE 1=1", false), ("SELECT 1 from /* t */ dual", false),
            ("SELECT a FROM t", true), ("select a\tFrOm\n individuals", true), ("SELECT a FROM `dual`", true),
            ("SELECT EXTRACT(YEAR FROM '2020-01-01')", false), ("SELECT 'x FROM t' /* FROM t */ -- FROM t", false),
            ("SELECT 1 FROM DUAL UNION SELECT a FROM t", true), ("SELECT 1 /*! FROM t */", true),
            ("SELECT 1; SELECT a FROM t", true), ("SELECT `FROM`, a.b", false),
        ])
    func tables(_ text: String, _ expected: Bool) {
        #expect(effects(text).namesTable == expected)
    }

    @Test(
        "no word is missed that may make the rows sent others than those found",
        arguments: [
            ("SELECT 50012 AS c FROM DUAL WHERE 1=1", false), ("SELECT 'LIMIT 1' /* LIMIT 1 */ FROM t", false),
            ("SELECT a FROM t LIMIT 1", true), ("SELECT a FROM t limit 2 offset 3", true),
            ("SELECT a FROM t ORDER BY a OFFSET 3 ROWS", true), ("SELECT a FROM t FETCH FIRST ROW ONLY", true),
            ("SELECT SQL_CALC_FOUND_ROWS a FROM t", true), ("SELECT 1 INTO @a", true),
            ("(SELECT a FROM t) LIMIT 1", true), ("SELECT a FROM t /*! LIMIT 1 */", true),
            ("SELECT a FROM (SELECT b FROM t LIMIT 1) AS x", true), ("SELECT 1; SELECT 2 LIMIT 1", true),
        ])
    func limits(_ text: String, _ expected: Bool) {
        #expect(effects(text).mayLimitRows == expected)
    }

    @Test(
        "a text is what its first statement is",
        arguments: [
            ("/* a */ (SELECT 1)", StatementKind.select), ("BEGIN; SELECT 1", .begin), ("", .empty),
            ("EXPLAIN ANALYZE SELECT 1", .explain), ("SET STATEMENT a=1 FOR SELECT 1", .setStatement),
        ])
    func kind(_ text: String, _ expected: StatementKind) {
        #expect(effects(text).kind == expected)
    }
}
