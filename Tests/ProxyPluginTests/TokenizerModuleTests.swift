import LuaVM
import Testing

@testable import ProxyPlugin

@Suite("mysql.tokenizer")
struct TokenizerModuleTests {
    let rig: ModuleRig

    init() throws { rig = try ModuleRig() }

    /// Ids, names and texts of a statement's tokens.
    private func tokens(_ statement: String) throws -> String {
        try rig.run(
            """
            local texts = {}
            for i, token in ipairs(tokenizer.tokenize(given)) do
              texts[i] = token.token_id .. ":" .. token.token_name:sub(4) .. ":" .. token.text
            end
            return table.concat(texts, " ")
            """, Array(statement.utf8))
    }

    @Test(
        "statements are cut as mysql-proxy did",
        arguments: [
            (
                "SELECT a, `b``c` FROM t WHERE x >= 1.5 -- done",
                "204:SQL_SELECT:SELECT 9:LITERAL:a 14:COMMA:, 9:LITERAL:b`c 105:SQL_FROM:FROM 9:LITERAL:t "
                    + "253:SQL_WHERE:WHERE 9:LITERAL:x 2:GE:>= 12:FLOAT:1.5 8:COMMENT:done"
            ),
            (
                "create TABLE d.t (id int)",
                "59:SQL_CREATE:create 222:SQL_TABLE:TABLE 9:LITERAL:d 13:DOT:. 9:LITERAL:t "
                    + "16:OBRACE:( 9:LITERAL:id 123:SQL_INT:int 17:CBRACE:)"
            ),
            ("zerofill accessible", "260:SQL_ZEROFILL:zerofill 28:SQL_ACCESSIBLE:accessible"),
            ("'it''s' \"a\\\"b\"", "7:STRING:it's 7:STRING:a\\\"b"),
            ("/* c */ /*!40000 x */", "8:COMMENT: c  261:COMMENT_MYSQL:40000 x "),
            (
                "COUNT(*) <> != <= < > = := ;",
                "10:FUNCTION:COUNT 16:OBRACE:( 19:STAR:* 17:CBRACE:) 6:NE:<> 6:NE:!= "
                    + "1:LE:<= 3:LT:< 4:GT:> 5:EQ:= 15:ASSIGN::= 18:SEMICOLON:;"
            ),
            (
                "+ - / & | ^ && || 7 .5 1e+1 1e #",
                "20:PLUS:+ 21:MINUS:- 22:DIV:/ 23:BITWISE_AND:& 24:BITWISE_OR:| "
                    + "25:BITWISE_XOR:^ 26:LOGICAL_AND:&& 27:LOGICAL_OR:|| 11:INTEGER:7 12:FLOAT:.5 12:FLOAT:1e+1 "
                    + "9:LITERAL:1e 0:UNKNOWN:#"
            ),
            ("COMMIT", "9:LITERAL:COMMIT"), ("'open", "7:STRING:open"), ("", ""),
        ])
    func cut(_ statement: String, _ expected: String) throws {
        #expect(try tokens(statement) == expected)
    }

    @Test("the list has a length, counts from 1, and lets go of tokens")
    func list() {
        let list = "local list = tokenizer.tokenize('a b c')"
        #expect(rig.show("#tokenizer.tokenize('a b c')") == "3")
        #expect(rig.show("(function() \(list) return tostring(list[0]) .. tostring(list[4]) end)()") == "nilnil")
        #expect(
            rig.show("(function() \(list) list[2] = nil list[9] = nil return tostring(list[2]) .. #list end)()")
                == "nil3")
        #expect(
            rig.show("(function() \(list) local last = list[3] list = nil collectgarbage() return last.text end)()")
                == "c")
        #expect(rig.show("require('mysql.tokenizer') == rawget(_G, 'tokenizer')") == "true", "the global is set")
    }

    @Test(
        "wrong use is an error",
        arguments: [
            ("tokenize()", "tokenizer.tokenize(sql): sql must be a string"),
            ("tokenize('a').x", "tokens are read by number, from 1 to #tokens, not by x"),
            ("tokenize('a')['1']", "tokens are read by number"),
            ("tokenize('a')[1].name", "test.lua:1: a token has token_id, token_name, text, not name"),
            ("tokenize('a')[1].text.x.y", "attempt to index"),
        ])
    func wrongUse(_ call: String, _ message: String) {
        let shown = rig.show("tokenizer.\(call)")
        #expect(shown.contains(message), "\(shown)")
    }

    @Test("tokens can't be written")
    func readOnly() {
        for (body, message) in [
            ("list[1] = 'x'", "is set to nil only"),
            ("list[1].word = 'x'", "a token has token_id, token_name, text, not word"),
            ("list.x = nil", "tokens are read by number"),
        ] {
            let error = #expect(throws: LuaError.self) {
                try rig.run("local list = tokenizer.tokenize('a') \(body)")
            }
            #expect(error?.message.contains(message) == true, "\(body): \(error?.message ?? "")")
        }
    }

    @Test("a statement of a hook's size is cut in time; more of them are the budget's end")
    func charged() throws {
        let budget = LuaBudget(instructions: 500_000, memory: 4_000_000)
        let statement = Array(("INSERT INTO t VALUES " + String(repeating: "(1, 'abcdefgh'),", count: 1_000)).utf8)
        #expect(try rig.run("return #tokenizer.tokenize(given)", statement, budget) == "6004")
        for many in [statement, Array(repeating: UInt8(ascii: ";"), count: 40_000), [UInt8](repeating: 39, count: 9)] {
            let error = #expect(throws: LuaError.self) {
                try rig.run("while true do pcall(tokenizer.tokenize, given) end", many, budget)
            }
            #expect(error?.kind == .budget)
        }
    }

    @Test("random bytes are cut into tokens, never a trap")
    func noise() throws {
        var random = SeededBytes(seed: 42)
        let alphabet = Array("'\"`\\-/*!.eE0aZ@_(:=&|<> \n\0\u{FF}#;".utf8)
        for round in 0..<500 {
            let raw = random.next(Int(random.next()))
            let statement = round % 2 == 0 ? raw : raw.map { alphabet[Int($0) % alphabet.count] }
            try rig.run(
                "for i, t in ipairs(tokenizer.tokenize(given)) do local _ = t.text .. t.token_name end", statement)
        }
    }
}
