import SQLText
import Testing

@Suite("Tokens of MySQL's and MariaDB's SQL")
struct SQLTokenizerTests {
    @Test("a plain statement is words, operators and numbers")
    func plain() {
        #expect(
            tokens("SELECT a.b, `c d` FROM t$1 WHERE x>=10") == [
                "identifier SELECT", "identifier a", "dot .", "identifier b", "comma ,", "quotedIdentifier `c d`",
                "identifier FROM", "identifier t$1", "identifier WHERE", "identifier x", "operator >=", "integer 10",
            ])
    }

    @Test(
        "one token each",
        arguments: [
            ("'it''s'", "string"), (#"'a\'b'"#, "string"), (#""a\"b""#, "string"), ("N'x'", "nationalString"),
            ("x'ff'", "hexString"), ("B'01'", "bitString"), ("0x1F", "hexNumber"), ("0b01", "bitNumber"),
            ("0X1F", "identifier"), ("0xg", "identifier"), ("0b2", "identifier"), ("1a", "identifier"),
            ("1e", "identifier"), ("12", "integer"), ("1.5", "decimal"), (".5", "decimal"), ("1.", "decimal"),
            ("1e5", "float"), ("1E+5", "float"), (".5e-1", "float"), ("1.e2", "float"), ("@a", "userVariable"),
            ("@`a b`", "userVariable"), ("@'a'", "userVariable"), ("@\"a\"", "userVariable"),
            ("@a.b$c", "userVariable"),
            ("@", "userVariable"), ("@@a", "systemVariable"), ("@@session.a", "systemVariable"),
            ("@@`session`.`a`", "systemVariable"), ("?", "parameter"), ("größe", "identifier"),
            ("`a``b`", "quotedIdentifier"),
            ("<=>", "operator"), (":=", "operator"), ("->>", "operator"), ("->", "operator"), ("<<", "operator"),
            ("<>", "operator"), ("||", "operator"), ("/* c */", "blockComment"), ("/*+ HINT */", "blockComment"),
            ("-- c", "lineComment"), ("--", "lineComment"), ("--\t", "lineComment"), ("#", "lineComment"),
            ("\\", "unknown"), ("{", "unknown"),
        ])
    func single(_ text: String, _ kind: String) {
        #expect(tokens(text) == ["\(kind) \(text)"])
    }

    @Test("two dashes without a blank are two operators")
    func dashes() {
        #expect(tokens("5--1") == ["integer 5", "operator -", "operator -", "integer 1"])
    }

    @Test("behind a name's dot, digits start a name")
    func qualifiedDigits() {
        #expect(tokens("t.1e5") == ["identifier t", "dot .", "identifier 1e5"])
        #expect(tokens("`t`.5") == ["quotedIdentifier `t`", "dot .", "identifier 5"])
        #expect(tokens("=.5") == ["operator =", "decimal .5"])
    }

    @Test("a line comment ends with its line")
    func lineComments() {
        #expect(
            tokens("1 -- a\n# b\n2") == ["integer 1", "lineComment -- a", "lineComment # b", "integer 2"])
    }

    @Test("what an executable comment holds is read as SQL")
    func executable() {
        #expect(
            tokens("/*!50100 SET @a=1 /* x */*/ /*M!100200 2*/ 3*/4") == [
                "executableCommentOpen /*!50100", "identifier SET", "userVariable @a", "operator =", "integer 1",
                "blockComment /* x */", "executableCommentClose */", "executableCommentOpen /*M!100200", "integer 2",
                "executableCommentClose */", "integer 3", "operator *", "operator /", "integer 4",
            ])
    }

    @Test(
        "an executable comment tells its version",
        arguments: [
            ("/*!50100 a*/", 50100), ("/*!080400a*/", 80400), ("/*M!100203*/", 100203), ("/*!123*/", 0), ("/*!", 0),
        ])
    func versions(_ text: String, _ version: Int) {
        let bytes = Array(text.utf8)
        #expect(allTokens(bytes).first?.executableVersion(in: bytes.span) == version)
    }

    @Test("to MySQL, MariaDB's executable comment is a plain one")
    func foreignComment() {
        #expect(tokens("/*M! 1 */", .ignoresMariaDBComments) == ["blockComment /*M! 1 */"])
        #expect(tokens("/*!1*/", .ignoresMariaDBComments).count == 3)
    }

    @Test("sql_mode changes quotes and backslashes")
    func modes() {
        #expect(tokens("\"a\"", .ansiQuotes) == ["quotedIdentifier \"a\""])
        #expect(tokens(#"'a\' b"#, .noBackslashEscapes) == [#"string 'a\'"#, "identifier b"])
        #expect(tokens(#"'a\' b"#) == [#"string 'a\' b …"#])
    }

    @Test("an introducer is one only before a string")
    func introducers() {
        #expect(tokens("_utf8 'x'") == ["charsetIntroducer _utf8", "string 'x'"])
        #expect(tokens("_utf8'x'") == ["charsetIntroducer _utf8", "string 'x'"])
        #expect(tokens("_utf8 x") == ["identifier _utf8", "identifier x"])
    }

    @Test("an account's host is no user variable")
    func accounts() {
        #expect(tokens("'u'@'h'") == ["string 'u'", "host @'h'"])
        #expect(tokens("`u`@h.x") == ["quotedIdentifier `u`", "host @h.x"])
        #expect(tokens("SET@a") == ["identifier SET", "userVariable @a"])
    }

    @Test("what isn't closed ends with the text", arguments: ["'a", "\"a''", "`a", "/* a *", "N'", "'a\\", "/*/"])
    func unclosed(_ text: String) {
        let found = allTokens(Array(text.utf8))
        #expect(found.map(\.isClosed) == [false])
        #expect(found.last?.end == text.utf8.count)
    }

    @Test("tokens cover any bytes without gaps", arguments: 1...40)
    func coverage(_ seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<100 {
            let bytes = generator.nastyBytes(upTo: 60)
            let mode = SQLLexicalMode(rawValue: UInt8.random(in: 0...7, using: &generator))
            var end = 0
            for token in allTokens(bytes, mode) {
                #expect(token.start == end && token.end > token.start)
                end = token.end
            }
            #expect(end == bytes.count, "\(bytes)")
        }
    }
}
