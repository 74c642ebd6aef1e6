import EmbeddedSQL
import MySQLWire

/// SELECT, INSERT, REPLACE, UPDATE and DELETE.
extension Dialect {
    /// A SELECT whose columns have the names that MySQL gives: the expression as it was written.
    func select(_ tokens: ArraySlice<Token>) throws(SQLError) -> String {
        var cursor = TokenCursor(tokens)
        cursor.index += 1
        while let word = cursor.current, ["DISTINCT", "ALL", "DISTINCTROW"].contains(word.text.uppercased()) {
            cursor.index += 1
        }
        var parts = [try rewriter.rewrite(tokens[..<cursor.index])]
        repeat {
            let item = cursor.item(endedBy: Self.endsSelectList)
            parts.append((parts.count > 1 ? ", " : "") + (try rewriter.rewrite(item)) + alias(of: item))
        } while cursor.takeSymbol(",")
        // A clause is rewritten with the list, so that words see what stands in front of them.
        return parts.joined(separator: " ") + " " + (try rewriter.rewrite(cursor.rest))
    }

    private static func endsSelectList(_ token: Token) -> Bool {
        guard token.kind == .word else { return false }
        return ["FROM", "WHERE", "LIMIT", "UNION", "ORDER", "GROUP", "HAVING", "INTO", "FOR", "LOCK", "EXCEPT"]
            .contains(token.text.uppercased())
    }

    /// ` AS "…"` for a column that has no name of its own and would get a rewritten one.
    private func alias(of item: ArraySlice<Token>) -> String {
        guard let last = item.last, let first = item.first, last.text != "*" else { return "" }
        let previous = item.dropLast().last
        guard previous?.isWord("AS") != true else { return "" }
        if item.count == 1 {
            return last.kind == .string
                ? " AS " + Literal.name(String(decoding: last.bytes, as: UTF8.self))
                : last.kind == .word || last.kind == .quotedName ? "" : " AS " + Literal.name(source(first, last))
        }
        let isInterval = item.contains { $0.isWord("INTERVAL") } && Rewriter.units.contains(last.text.uppercased())
        let endsOperand =
            isInterval || last.isSymbol(")")
            || [.number, .hex, .systemVariable, .userVariable, .parameter].contains(last.kind)
            || (last.kind == .string
                && previous.map { $0.kind == .symbol && $0.text != ")" || $0.kind == .word } ?? true)
            || (last.isName && previous.map { $0.kind == .symbol && $0.text != ")" && $0.text != "." } ?? true)
        return endsOperand || last.isWord("END") ? " AS " + Literal.name(source(first, last)) : ""
    }

    private func source(_ first: Token, _ last: Token) -> String {
        String(decoding: rewriter.source[first.range.lowerBound..<last.range.upperBound], as: UTF8.self)
    }

    func insert(_ cursor: inout TokenCursor) throws(SQLError) -> String {
        var verb = cursor.next()?.isWord("REPLACE") == true ? "REPLACE INTO " : "INSERT INTO "
        while let word = cursor.current, ["LOW_PRIORITY", "DELAYED", "HIGH_PRIORITY"].contains(word.text.uppercased()) {
            cursor.index += 1
        }
        if cursor.take("IGNORE") { verb = "INSERT OR IGNORE INTO " }
        _ = cursor.take("INTO")
        let table = Literal.name(try cursor.table(in: schema))
        if cursor.take("SET") { return verb + table + (try insertedSet(&cursor)) }
        if cursor.current?.isSymbol("(") == true, cursor.peek()?.isSymbol(")") == true {
            cursor.index += 2
            return verb + table + " DEFAULT VALUES"
        }
        let start = cursor.index
        while !cursor.isAtEnd, !isUpsert(cursor) { cursor.index += 1 }
        var body = TokenCursor(cursor.tokens[start..<cursor.index])
        return verb + table + " " + (try values(&body)) + (try upsert(&cursor))
    }

    /// The columns and rows; MySQL also says VALUE.
    private func values(_ body: inout TokenCursor) throws(SQLError) -> String {
        var tokens = body.tokens
        for index in tokens.indices where tokens[index].isWord("VALUE") { tokens[index].text = "VALUES" }
        return try rewriter.rewrite(tokens)
    }

    private func insertedSet(_ cursor: inout TokenCursor) throws(SQLError) -> String {
        var (columns, values): ([String], [String]) = ([], [])
        repeat {
            let item = cursor.item { $0.isWord("ON") }
            var pair = TokenCursor(item)
            columns.append(Literal.name(try pair.name("a column's name")))
            guard pair.takeSymbol("=") else {
                throw SQLError.syntax("expected '=' behind column \(columns.last ?? "")")
            }
            values.append(try rewriter.rewrite(pair.rest))
        } while cursor.takeSymbol(",")
        let rows = " (" + columns.joined(separator: ", ") + ") VALUES (" + values.joined(separator: ", ") + ")"
        return rows + (try upsert(&cursor))
    }

    private func isUpsert(_ cursor: TokenCursor) -> Bool {
        cursor.current?.isWord("ON") == true && cursor.peek()?.isWord("DUPLICATE") == true
    }

    private func upsert(_ cursor: inout TokenCursor) throws(SQLError) -> String {
        guard !cursor.isAtEnd else { return "" }
        guard cursor.take("ON", "DUPLICATE", "KEY", "UPDATE") else {
            throw SQLError.syntax("expected ON DUPLICATE KEY UPDATE near '\(cursor.current?.text ?? "")'")
        }
        var rewriter = rewriter
        rewriter.isInUpsert = true
        return " ON CONFLICT DO UPDATE SET " + (try rewriter.rewrite(cursor.rest))
    }

    /// UPDATE and DELETE.
    func change(_ cursor: inout TokenCursor) throws(SQLError) -> String {
        let verb = cursor.next()?.text.uppercased() ?? ""
        _ = cursor.take("LOW_PRIORITY")
        let conflict = cursor.take("IGNORE") && verb == "UPDATE" ? " OR IGNORE " : " "
        return verb + conflict + (try rewriter.rewrite(cursor.rest))
    }
}
