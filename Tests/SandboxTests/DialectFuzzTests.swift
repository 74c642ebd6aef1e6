import MySQLWire
import Testing

@testable import SandboxPlugin

@Suite("The sandbox's dialect under nonsense")
struct DialectFuzzTests {
    /// The words and symbols that the dialect looks at, and some that it doesn't.
    static let vocabulary = """
        SELECT INSERT REPLACE UPDATE DELETE SHOW DESCRIBE EXPLAIN CREATE DROP ALTER TRUNCATE SET USE DO BEGIN ROLLBACK TO \
        TABLE INDEX KEY UNIQUE PRIMARY VIEW DATABASE TEMPORARY IF NOT EXISTS LIKE WHERE FROM IN INTO VALUES VALUE ON \
        DUPLICATE AS AUTO_INCREMENT DEFAULT COMMENT CHARACTER COLLATE CONSTRAINT FOREIGN INT ENUM FULL TABLES COLUMNS \
        VARIABLES NAMES SESSION COUNT LEFT NOW CAST CHAR UNSIGNED FORCE FOR LOCK SHARE MODE ADD COLUMN RENAME USING \
        INTERVAL DAY MONTH DATE_ADD + - GROUP_CONCAT SEPARATOR information_schema tables columns TRANSACTION LEVEL SAVEPOINT \
        sandbox mysql . , ( ) ( ) = := * + ; ? 1 2.5e3 0x41 x'4 'text' 'a\\'b' "d" `n` @u @@v @@session.v @ @@ _binary ! && || <=>
        """.split(separator: " ").map(String.init)

    @Test("any row of words is translated or refused, and never traps", arguments: 1...8)
    func nonsense(seed: UInt64) {
        var state = seed &* 0x9E37_79B9_7F4A_7C15
        func next(_ limit: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % limit
        }
        var refused = 0
        for _ in 0..<3000 {
            // The first eighteen words begin statements.
            let words =
                [Self.vocabulary[next(18)]] + (0...next(9)).map { _ in Self.vocabulary[next(Self.vocabulary.count)] }
            let source = Array(words.joined(separator: next(4) == 0 ? "" : " ").utf8)
            let rewriter = Rewriter(schema: "sandbox", source: source, knowsVariable: { _ in true })
            let dialect = Dialect(rewriter: rewriter, listings: Listings(variables: { [("a", "1")] }))
            do {
                for tokens in try Dialect.split(source) { _ = try dialect.translate(tokens) }
            } catch {
                #expect((1000...1999).contains(error.code))
                refused += 1
            }
        }
        #expect(refused > 0)
    }
}
