import Testing

@testable import SQLText

@Suite("Digests")
struct StatementDigestTests {
    private func text(_ statement: String, _ change: (inout DigestOptions) -> Void = { _ in }) -> String {
        var options = DigestOptions()
        change(&options)
        return String(decoding: StatementDigest.text(of: Array(statement.utf8).span, options: options), as: UTF8.self)
    }

    private func hash(_ statement: String) -> UInt64 { StatementDigest(of: Array(statement.utf8).span).hash }

    @Test(
        "values become question marks",
        arguments: [
            ("select 1", "select ?"), ("SELECT c FROM sbtest1 WHERE id=1234", "SELECT c FROM sbtest1 WHERE id=?"),
            ("select 'a''b', \"c\\\"d\"", "select ?,?"),
            ("select N'x', _utf8'x', x'ff', b'01'", "select N?,_utf8?,x?,b?"),
            ("select 0xff, 0b01, 1.5, .5, 1., 1e+5", "select ?,?,?,?,?,?"), ("select ?", "select ?"),
            ("select `1`, table_25, 1_value, 1a", "select `1`,table_25,1_value,1a"), ("select NULL", "select NULL"),
            ("set @a=1, @@session.b='x'", "set @a=?,@@session.b=?"), ("grant x to 'u'@'h'", "grant x to ?@?"),
            ("SELECT DATABASE()", "SELECT DATABASE()"),
        ])
    func values(_ statement: String, _ digest: String) {
        #expect(text(statement) == digest)
    }

    @Test(
        "blanks, comments and ends are folded",
        arguments: [
            ("  select\t\n 1  ;  ", "select ?"), ("select 1;; ;", "select ?"), (";select 1", "select ?"),
            ("select /* a */ 1", "select ?"), ("select/* a */1", "select ?"),
            ("select 1 -- x\n, 2 # y\n, 3", "select ?,?,?"),
            ("select 1 # y", "select ?"), ("/*! select */ 5", "select ?"),
            ("/*!40101 SET NAMES utf8 */", "SET NAMES utf8"),
            ("select 1 ; select 2", "select ? ; select ?"), ("select 1;select 2;", "select ?;select ?"),
            ("f( 1 , a )", "f(?,a)"), ("select a , b", "select a,b"), ("a = 1", "a = ?"), ("", ""), (" ; ", ""),
        ])
    func blanks(_ statement: String, _ digest: String) {
        #expect(text(statement) == digest)
    }

    @Test(
        "a sign belongs to its value, an operator stays",
        arguments: [
            ("select -1", "select ?"), ("select - '89'", "select ?"),
            ("select CONCAT( -'89'+'10')", "select CONCAT(?+?)"),
            ("NOW() - 1", "NOW() -?"), ("select a - 5", "select a -?"), ("select a-5", "select a-?"),
            ("a=-1", "a=?"), ("a = - 1", "a = ?"), ("1 + 2 * 3", "?+?*?"), ("select -a", "select -a"),
            ("(-1,+2)", "(?,?)"), ("select * from t", "select * from t"), ("count(*)", "count(*)"),
            ("select -", "select -"),
            ("limit -1, 2", "limit ?,?"), ("1--1", "?-?"), ("t.in - 5", "t.in -?"),
            ("select value - 5", "select value -?"), ("limit 5 - -1", "limit ?-?"),
        ])
    func signs(_ statement: String, _ digest: String) {
        #expect(text(statement) == digest)
    }

    @Test(
        "long lists in parentheses are cut",
        arguments: [
            ("in (1,2,3,4)", "in (?,?,?,?)"), ("in (1,2,3,4,5)", "in (?,?,?,...)"),
            ("in (1, 2, 3, 4, 5, 6)", "in (?,?,?,...)"),
            ("select 1,2,3,4,5,6", "select ?,?,?,?,?,?"), ("f(1,2,3,4,5,a)", "f(?,?,?,...,a)"),
            ("f(a,1,2,3,4,5)", "f(a,?,?,?,...)"), ("f(1,2,3,4,a)", "f(?,?,?,?,a)"),
            ("(1,2,3,4,5,6+1)", "(?,?,?,...,?+?)"),
            ("(1,2,3,4+1,5,6)", "(?,?,?,?+?,?,?)"), ("((1,2,3,4,5),2)", "((?,?,?,...),?)"),
            ("(1,2,3,4,5", "(?,?,?,..."),
            ("(1,2,3,4", "(?,?,?,?"), ("(,)", "(,)"), ("(1,)", "(?,)"), (")(", ")("),
        ])
    func lists(_ statement: String, _ digest: String) {
        #expect(text(statement) == digest)
    }

    @Test("rows of lists are cut, whatever their width")
    func groups() {
        let rows = { (row: String, count: Int) in Array(repeating: row, count: count).joined(separator: ", ") }
        let ten = rows("(?,?)", 10).filter { $0 != " " }
        #expect(text("values " + rows("(1, -2)", 10)) == "values " + ten)
        #expect(text("values " + rows("(1,2)", 11)) == "values " + ten + ",...")
        #expect(text("values " + rows("(1,2)", 5000) + " on x") == "values " + ten + ",... on x")
        let wide = rows("(?,?,?,...)", 10).filter { $0 != " " }
        #expect(text("values " + rows("(1,2,3,4,5)", 12)) == "values " + wide + ",...")
        #expect(text("values " + rows("(1,2)", 12) + ",(1,now())") == "values " + ten + ",...,(?,now())")
        #expect(text("values " + rows("(1,2)", 12) + ",(1,2,3),(1") == "values " + ten + ",...,(?,?,?),(?")
        #expect(text("values " + rows("(1,2)", 12) + ",(1,") == "values " + ten + ",...,(?,")
        #expect(text("values " + rows("(1,2)", 12) + ", a") == "values " + ten + ",...,a")
        #expect(text("f(1,2),g(1,2)") == "f(?,?),g(?,?)")
    }

    @Test("options")
    func options() {
        #expect(text("SELECT `A`, B") { $0.lowercase = true } == "select `a`,b")
        #expect(text("NULL, a IS NULL, b IS NOT NULL") { $0.replaceNull = true } == "?,a IS NULL,b IS NOT NULL")
        #expect(text("table_25, a1b22") { $0.replaceDigits = true } == "table_?,a?b?")
        #expect(text("select /* a */ 1") { $0.keepComments = true } == "select /* a */ ?")
        #expect(text("select \"a\"") { $0.mode = .ansiQuotes } == "select \"a\"")
        #expect(text("select abc") { $0.maxTextLength = 9 } == "select ab")
        #expect(text("select abc") { $0.maxStatementLength = 6 } == "select")
        #expect(text("(1,2,3)") { $0.listLimit = 1 } == "(?,...)")
        #expect(
            text("(1,2,3)") {
                $0.listLimit = -5; $0.groupLimit = 0; $0.maxTextLength = 100
            } == "(?,...)")
        #expect(
            text("abc") {
                $0.maxTextLength = -1; $0.maxStatementLength = -1
            } == "")
    }

    @Test("the first block comment is told, for its hints")
    func hints() {
        let bytes = Array("select # a\n /* hostgroup=1 */ 1 /* b */".utf8)
        let comment = StatementDigest(of: bytes.span).firstComment
        #expect(comment.map { String(decoding: bytes[$0], as: UTF8.self) } == "/* hostgroup=1 */")
        #expect(StatementDigest(of: Array("select 1".utf8).span).firstComment == nil)
    }

    @Test("values and the width of blanks don't change the hash, names do")
    func invariance() {
        #expect(
            hash("select a from t where b = 1 and c in (1,2,3,4,5)")
                == hash("select a\n\tfrom t where b =  'x' and c in ( 9,8,7,-6,5, 4 );"))
        #expect(hash("select a") != hash("select b"))
    }

    @Test("other values, blanks and comments give the same digest", arguments: 1...30)
    func equivalence(_ seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let values = ["1", "-7", "1.5", ".5", "2e10", "0xff", "'a''b'", "'--'", "\"x\\\"y\"", "- 3"]
        let blanks = [" ", "\n\t ", " /* , ' */ ", " -- it's\n", " # (\n", "/**/ "]
        let pieces = [
            "select", "a", "from", "t", "where", "b", "=", "V", "and", "c", "in", "(", "V", ",", "V", ")", "or", "d",
            "between", "V", "and", "V", "limit", "V", ",", "V", ";",
        ]
        let texts = (0..<20).map { _ in
            pieces.map { ($0 == "V" ? values.randomElement(using: &generator) : $0) ?? "" }
                .map { $0 + (blanks.randomElement(using: &generator) ?? " ") }.joined()
        }
        #expect(
            Set(texts.map { text($0) }) == ["select a from t where b = ? and c in (?,?) or d between ? and ? limit ?,?"]
        )
        #expect(Set(texts.map(hash)).count == 1)
    }

    @Test("a list's length beyond the limit doesn't matter, nor does the number of rows")
    func lengths() {
        let list = { (count: Int) in "a in (" + (0..<count).map { "\($0)" }.joined(separator: ", ") + ")" }
        #expect(Set((5...100).map { hash(list($0)) }).count == 1)
        let rows = { (count: Int) in "values " + Array(repeating: "(1, 'x')", count: count).joined(separator: ",\n") }
        #expect(Set((11...60).map { hash(rows($0)) }).count == 1)
        #expect(Set((1...11).map { hash(rows($0)) }).count == 11)
    }

    @Test("what is passed over ends at the first thing that is no value")
    func passingOver() {
        #expect(text("in (1,2,3,4,5,6,7 , 'a', now(), 1,2,3,4,5,6)") == "in (?,?,?,...,now(),?,?,?,...)")
        #expect(text("in (1,2,3,4,5,6,1e5,0xff,.5,'a' 'b',x'ff')") == "in (?,?,?,...,? ?,x?)")
        #expect(text("in (1,2,3,4,5,6,'it''s', 'a\\'),(', -7)") == "in (?,?,?,...)")
        #expect(text("in (1,2,3,4,5,6,'open, 7, 8)") == "in (?,?,?,...")
        let rows = Array(repeating: "(1,'a')", count: 12).joined(separator: ",")
        let shown = Array(repeating: "(?,?)", count: 10).joined(separator: ",") + ",..."
        for odd in ["(1,now())", "(1)", "(1,2,3)", "()", "((1),2)", "(1,a)"] {
            let normal = odd.replacing("1", with: "?").replacing("2", with: "?").replacing("3", with: "?")
            #expect(text("values " + rows + ", " + odd + "," + rows) == "values " + shown + "," + normal + "," + shown)
        }
        #expect(text("values " + rows + ", (3 -- (1,2)\n, - 4 /* , */ ) , ( \"x\" , ? ) a") == "values " + shown + " a")
    }

    @Test("an unfit buffer cuts the text and keeps the hash")
    func smallBuffer() {
        let statement = Array("select a from t where b = 1".utf8)
        var buffer = [UInt8](repeating: 0x2A, count: 8)
        var span = buffer.mutableSpan
        let digest = StatementDigest(of: statement.span, into: &span)
        #expect(digest == StatementDigest(of: statement.span))
        #expect(digest.textLength == 27 && String(decoding: buffer, as: UTF8.self) == "select a")
    }

    @Test("on any bytes the hash is the text's, with a buffer or without", arguments: 1...20)
    func nonsense(_ seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<150 {
            let bytes = generator.nastyBytes(upTo: 80)
            var options = DigestOptions()
            options.mode = SQLLexicalMode(rawValue: UInt8.random(in: 0...7, using: &generator))
            options.groupLimit = 1
            let digest = StatementDigest(of: bytes.span, options: options)
            let text = StatementDigest.text(of: bytes.span, options: options)
            var hash = XXHash64()
            text.withUnsafeBufferPointer { hash.append($0) }
            #expect(digest.hash == hash.value && digest.textLength == text.count, "\(bytes)")
        }
    }
}
