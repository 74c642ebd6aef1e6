import SQLText
import Testing

@Suite("Statement effects of hostile texts")
struct StatementEffectsHostileTests {
    private static let samples = [
        "SELECT GET_LOCK('a', 1), @a := `b`, @@session.`x`, LAST_INSERT_ID() INTO @c /*! FOR UPDATE */ -- end",
        "SET STATEMENT a = (1) FOR SET SESSION `b` = 'x\\'', GLOBAL c.d = @e, @@f . g := 1, NAMES utf8 COLLATE x",
        "CREATE OR REPLACE TEMPORARY TABLE IF NOT EXISTS `a``b`.c (d INT) SELECT NEXT VALUE FOR s",
        "DROP TEMPORARY TABLE IF EXISTS a, b.`c`; ALTER TABLE a.b RENAME TO c.d; RENAME TABLE a TO b.c, d TO e",
        "EXECUTE IMMEDIATE 'EXECUTE IMMEDIATE \\'SELECT @a, ROW_COUNT()\\'' USING @b; PREPARE a FROM 'b'; EXECUTE a",
        "WITH RECURSIVE a (b) AS (SELECT 1) CYCLE b RESTRICT, c AS (VALUES (1)) DELETE FROM d WHERE f.g(1)",
        "EXPLAIN ANALYZE FORMAT=JSON INSERT INTO a (b) SELECT c FROM d; ANALYZE SELECT 1; SHOW SESSION STATUS",
        "FLUSH LOCAL TABLES a, b WITH READ LOCK; BACKUP STAGE END; XA START 'a'; KILL HARD QUERY 5; USE `d`",
        "LOAD DATA LOCAL INFILE 'f' INTO TABLE t (a, @b) SET c = @b; CALL a.b.c(@d); HANDLER a.b OPEN AS c",
        "GET DIAGNOSTICS CONDITION @a @b = MESSAGE_TEXT; COMMIT AND NO CHAIN RELEASE; START TRANSACTION READ ONLY",
    ].map { Array($0.utf8) }

    private static let modes: [SQLLexicalMode] = [
        [], .ansiQuotes, .noBackslashEscapes, [.ansiQuotes, .noBackslashEscapes, .ignoresMariaDBComments],
    ]

    /// Reads `bytes` in every mode; places must lie inside.
    private func read(_ bytes: [UInt8]) {
        for mode in Self.modes {
            let effects = StatementEffects(of: bytes.span, mode: mode)
            #expect(!effects.isReadOnly || effects.isUnderstood)
            for detail in effects.details {
                switch detail {
                case .setsVariable(_, let place), .refers(_, let place):
                    #expect(place.lowerBound >= 0 && place.upperBound <= bytes.count, "\(bytes)")
                default: continue
                }
            }
        }
    }

    @Test("a text cut off anywhere, at either end", arguments: samples)
    func cut(_ sample: [UInt8]) {
        for length in 0...sample.count {
            read(Array(sample.prefix(length)))
            read(Array(sample.suffix(length)))
        }
    }

    @Test("texts with bytes replaced, and with pieces of others", arguments: 1...20)
    func mixed(_ seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<100 {
            var bytes = Self.samples.randomElement(using: &generator) ?? []
            let other = Self.samples.randomElement(using: &generator) ?? []
            let cut = Int.random(in: 0...bytes.count, using: &generator)
            bytes.replaceSubrange(cut..., with: other.suffix(Int.random(in: 0...other.count, using: &generator)))
            read(bytes)
            let noise = generator.nastyBytes(upTo: 6)
            let place = Int.random(in: 0...bytes.count, using: &generator)
            bytes.insert(contentsOf: noise, at: place)
            read(bytes)
            read(generator.nastyBytes(upTo: 60))
        }
    }

    @Test("statements inside statements end the understanding, not the stack")
    func nesting() {
        let deep = String(repeating: "SET STATEMENT a = 1 FOR ", count: 20_000) + "SELECT 1"
        #expect(effects(deep) == "? setStatement")
        #expect(effects(String(repeating: "EXPLAIN ANALYZE ", count: 20_000)) == "?")
        #expect(effects(String(repeating: "(", count: 100_000)) == "?")
    }

    @Test("long texts take time in proportion", .timeLimit(.minutes(1)))
    func length() {
        let pieces = [
            "@@a,", "@a,", "f(", "a.", "/*", "SET a=1;", "'a' ", "GET_LOCK(1)+", "`a`(", "@@session.", "_a  ",
        ]
        for piece in pieces {
            let bytes = Array(("SELECT " + String(repeating: piece, count: 20_000)).utf8)
            #expect(StatementEffects(of: bytes.span).details.count <= 20_000)
        }
    }

    @Test("a point select keeps no details, and so needs no memory")
    func pointSelect() {
        let bytes = Array("SELECT c FROM sbtest1 WHERE id=12345".utf8)
        let effects = StatementEffects(of: bytes.span)
        #expect(effects.details.capacity == 0 && effects.facts.isEmpty && effects.isReadOnly)
    }

    @Test(
        "double quotes and backslashes are read as sql_mode has it",
        arguments: [
            (#"SELECT "GET_LOCK"('a', 1)"#, .ansiQuotes, "namedLock"),
            (#"SELECT "GET_LOCK" FROM "t" "#, .ansiQuotes, "ro"),
            (#"USE "d""b""#, .ansiQuotes, #"use [d"b]"#),
            (#"DROP TEMPORARY TABLE "t""#, .ansiQuotes, "drops --t"),
            (#"PREPARE s FROM "SELECT 1""#, .ansiQuotes, "prepares s=…"),
            (#"SELECT 'a\', GET_LOCK('b', 1)"#, .noBackslashEscapes, "namedLock"),
            (#"SELECT 'a\', GET_LOCK('b', 1)"#, [], "?"),
            (#"PREPARE s FROM 'a\n'"#, .noBackslashEscapes, #"prepares s='a\n'"#),
            (#"SET @'a\' = 1"#, .noBackslashEscapes, #"assignsVariable >@a\"#),
            ("SELECT 1 /*M! INTO @a */", .ignoresMariaDBComments, "ro"),
        ] as [(String, SQLLexicalMode, String)])
    func modes(_ statement: String, _ mode: SQLLexicalMode, _ expected: String) {
        #expect(effects(statement, mode) == expected)
    }
}
