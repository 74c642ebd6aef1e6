import Testing

@testable import SQLText

@Suite("Tokens as mysql-proxy's scripts know them")
struct LegacyTokenizerTests {
    private func ids(_ statement: String) -> [Int] {
        let bytes = Array(statement.utf8)
        var tokenizer = LegacyTokenizer(bytes.span)
        var found: [Int] = []
        while let token = tokenizer.next() { found.append(token.id) }
        return found
    }

    @Test(
        "ids and names are mysql-proxy's",
        arguments: [
            ("?", 0, "TK_UNKNOWN"), ("<=", 1, "TK_LE"), (">=", 2, "TK_GE"), ("<", 3, "TK_LT"), (">", 4, "TK_GT"),
            ("=", 5, "TK_EQ"), ("!=", 6, "TK_NE"), ("<>", 6, "TK_NE"), ("'a'", 7, "TK_STRING"),
            ("/*a*/", 8, "TK_COMMENT"), ("a", 9, "TK_LITERAL"), ("1", 11, "TK_INTEGER"), ("1.5", 12, "TK_FLOAT"),
            (".", 13, "TK_DOT"), (",", 14, "TK_COMMA"), (":=", 15, "TK_ASSIGN"), ("(", 16, "TK_OBRACE"),
            (")", 17, "TK_CBRACE"), (";", 18, "TK_SEMICOLON"), ("*", 19, "TK_STAR"), ("+", 20, "TK_PLUS"),
            ("-", 21, "TK_MINUS"), ("/", 22, "TK_DIV"), ("&", 23, "TK_BITWISE_AND"), ("|", 24, "TK_BITWISE_OR"),
            ("^", 25, "TK_BITWISE_XOR"), ("&&", 26, "TK_LOGICAL_AND"), ("||", 27, "TK_LOGICAL_OR"),
            ("accessible", 28, "TK_SQL_ACCESSIBLE"), ("CREATE", 59, "TK_SQL_CREATE"), ("From", 105, "TK_SQL_FROM"),
            ("INT", 123, "TK_SQL_INT"), ("select", 204, "TK_SQL_SELECT"), ("table", 222, "TK_SQL_TABLE"),
            ("ZEROFILL", 260, "TK_SQL_ZEROFILL"), ("/*!a*/", 261, "TK_COMMENT_MYSQL"),
        ])
    func vocabulary(_ text: String, _ id: Int, _ name: String) {
        #expect(ids(text) == [id])
        #expect(legacyTokens(text).map { $0.prefix { $0 != " " } } == [Substring(name)])
    }

    @Test("every keyword is found under its own id")
    func keywords() {
        for (index, keyword) in LegacyToken.keywords.enumerated() {
            #expect(ids("\(keyword)") == [LegacyToken.firstKeywordID + index])
            #expect(legacyTokens("\(keyword)") == ["TK_SQL_\(keyword) \(keyword)"])
        }
        #expect(LegacyToken.keywords.count == 233)
    }

    @Test("a word directly before a parenthesis is a function, keyword or not")
    func functions() {
        #expect(
            legacyTokens("SELECT COUNT(*), now ()") == [
                "TK_SQL_SELECT SELECT", "TK_FUNCTION COUNT", "TK_OBRACE (", "TK_STAR *", "TK_CBRACE )", "TK_COMMA ,",
                "TK_LITERAL now", "TK_OBRACE (", "TK_CBRACE )",
            ])
        #expect(legacyTokens("VALUES(") == ["TK_FUNCTION VALUES", "TK_OBRACE ("])
    }

    @Test("words that aren't on the list are literals, dotted names three of them")
    func literals() {
        #expect(legacyTokens("COMMIT") == ["TK_LITERAL COMMIT"])
        #expect(
            legacyTokens("a.b.`c``d`") == ["TK_LITERAL a", "TK_DOT .", "TK_LITERAL b", "TK_DOT .", "TK_LITERAL c`d"])
        #expect(legacyTokens("@@a_1 1x") == ["TK_LITERAL @@a_1", "TK_LITERAL 1x"])
    }

    @Test("doubled quotes are folded and backslash pairs kept")
    func strings() {
        #expect(
            legacyTokens(#"'it''s' "say ""x""" 'a\'b' 'c"#) == [
                "TK_STRING it's", #"TK_STRING say "x""#, #"TK_STRING a\'b"#, "TK_STRING c",
            ])
    }

    @Test("comments lose their marks, and # isn't one")
    func comments() {
        #expect(
            legacyTokens("-- a b\n1--\n/* c */ /*!50000 d*/ /*e") == [
                "TK_COMMENT a b", "TK_INTEGER 1", "TK_COMMENT ", "TK_COMMENT  c ", "TK_COMMENT_MYSQL 50000 d",
                "TK_COMMENT e",
            ])
        #expect(legacyTokens("#a") == ["TK_UNKNOWN #", "TK_LITERAL a"])
        #expect(legacyTokens("1--2") == ["TK_INTEGER 1", "TK_MINUS -", "TK_MINUS -", "TK_INTEGER 2"])
    }

    @Test(
        "numbers",
        arguments: [("1", "INTEGER"), ("1.5", "FLOAT"), (".5", "FLOAT"), ("1e+1", "FLOAT"), ("1e", "LITERAL")])
    func numbers(_ text: String, _ kind: String) {
        #expect(legacyTokens(text) == ["TK_\(kind) \(text)"])
    }

    @Test("any bytes are read to the end")
    func nonsense() {
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<3000 {
            let bytes = generator.nastyBytes(upTo: 60)
            var tokenizer = LegacyTokenizer(bytes.span)
            var end = 0
            while let token = tokenizer.next() {
                #expect(token.content.lowerBound >= end && token.content.upperBound <= bytes.count)
                #expect(token.text(in: bytes.span).count <= token.content.count)
                end = token.content.upperBound
            }
        }
    }
}
