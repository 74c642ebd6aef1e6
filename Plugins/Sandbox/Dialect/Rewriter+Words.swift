import EmbeddedSQL
import MySQLWire

/// Keywords and function names that SQLite spells in another way, or does without.
extension Rewriter {
    func word(_ token: Token, _ cursor: inout TokenCursor) throws(SQLError) -> String {
        let upper = token.text.uppercased()
        if cursor.peek(-1)?.isSymbol(".") == true {
            cursor.index += 1
            return token.text
        }
        if let catalog = try catalog(token, &cursor) { return catalog }
        if try skipSchema(token, &cursor) { return "" }
        if skipHint(upper, &cursor) { return "" }
        if upper.hasPrefix("_"), let next = cursor.peek(), next.kind == .string || next.kind == .hex {
            return introduced(upper, &cursor)
        }
        if upper.hasPrefix("PRAGMA_") || upper == "LOAD_EXTENSION" { throw SQLError.refused(token.text) }
        if cursor.peek()?.isSymbol("(") == true { return try function(token, upper, &cursor) }
        cursor.index += 1
        return try keyword(token, upper, cursor)
    }

    /// Locking clauses, optimizer hints, DUAL and collations mean nothing here.
    private func skipHint(_ upper: String, _ cursor: inout TokenCursor) -> Bool {
        switch upper {
        case "SQL_NO_CACHE", "SQL_CACHE", "SQL_CALC_FOUND_ROWS", "STRAIGHT_JOIN", "HIGH_PRIORITY", "LOW_PRIORITY",
            "DELAYED", "SQL_SMALL_RESULT", "SQL_BIG_RESULT", "SQL_BUFFER_RESULT":
            cursor.index += 1
            return true
        case "FOR": return cursor.take("FOR", "UPDATE") || cursor.take("FOR", "SHARE")
        case "LOCK": return cursor.take("LOCK", "IN", "SHARE", "MODE")
        case "FROM": return cursor.take("FROM", "DUAL")
        case "COLLATE" where cursor.peek()?.text.contains("_") == true || cursor.peek()?.isWord("BINARY") == true:
            cursor.index += 2
            return true
        case "FORCE", "USE", "IGNORE": return skipIndexHint(&cursor)
        case _: return false
        }
    }

    private func skipIndexHint(_ cursor: inout TokenCursor) -> Bool {
        guard let next = cursor.peek(), next.isWord("INDEX") || next.isWord("KEY") else { return false }
        var trial = cursor
        trial.index += 2
        guard (try? trial.parenthesized()) != nil else { return false }
        cursor = trial
        return true
    }

    /// `_binary'…'` and `_utf8mb4'…'`.
    private func introduced(_ upper: String, _ cursor: inout TokenCursor) -> String {
        guard let value = cursor.peek() else { return "" }
        cursor.index += 2
        guard value.kind == .string else {
            return upper == "_BINARY" ? "X'\(value.text)'" : "CAST(X'\(value.text)' AS TEXT)"
        }
        return upper == "_BINARY" ? Literal.blob(value.bytes) : Literal.text(bytes: value.bytes)
    }

    private func function(_ token: Token, _ upper: String, _ cursor: inout TokenCursor) throws(SQLError) -> String {
        cursor.index += 1
        switch upper {
        case "IF": return "iif"
        case "GREATEST": return "max"
        case "LEAST": return "min"
        case "GROUP_CONCAT": return try groupConcat(&cursor)
        case "TIMESTAMPDIFF": throw SQLError.unsupported("TIMESTAMPDIFF; use DATEDIFF or UNIX_TIMESTAMP")
        case "DATE_ADD", "ADDDATE": return try addedDate(sign: 1, &cursor)
        case "DATE_SUB", "SUBDATE": return try addedDate(sign: -1, &cursor)
        case "LEFT": return "sandbox_left"
        case "RIGHT": return "sandbox_right"
        case "CHAR_LENGTH", "CHARACTER_LENGTH": return "length"
        case "LENGTH", "OCTET_LENGTH": return "sandbox_octets"
        case "LCASE": return "lower"
        case "UCASE": return "upper"
        case "VALUES" where isInUpsert:
            return "excluded." + (try rewrite(try cursor.parenthesized()))
        case "CURRENT_TIMESTAMP", "NOW", "LOCALTIME", "LOCALTIMESTAMP", "SYSDATE", "CURRENT_DATE", "CURDATE",
            "CURRENT_TIME", "CURTIME", "UTC_TIMESTAMP":
            _ = try cursor.parenthesized()
            return Self.clocks[upper] ?? "CURRENT_TIMESTAMP"
        case "CHAR", "BINARY":
            // The length of a type in CAST; SQLite takes it there as it is.
            return upper == "CHAR" && cursor.peek(-2)?.isWord("AS") != true ? "char" : "TEXT"
        case _: return try keyword(token, upper, cursor)
        }
    }

    /// `GROUP_CONCAT(x SEPARATOR 's')`; the cursor stands at the parenthesis.
    private func groupConcat(_ cursor: inout TokenCursor) throws(SQLError) -> String {
        let inside = try cursor.parenthesized()
        if inside.contains(where: { $0.isWord("ORDER") }) {
            throw SQLError.unsupported("ORDER BY in GROUP_CONCAT; order the rows in a subquery")
        }
        guard let word = inside.lastIndex(where: { $0.isWord("SEPARATOR") }), word + 2 == inside.endIndex else {
            return "group_concat(" + (try rewrite(inside)) + ")"
        }
        if inside.first?.isWord("DISTINCT") == true {
            throw SQLError.unsupported("DISTINCT with SEPARATOR; take the distinct rows in a subquery")
        }
        return "group_concat(" + (try rewrite(inside[..<word])) + ", " + (try rewrite(inside[(word + 1)...])) + ")"
    }

    private static let clocks = [
        "CURRENT_DATE": "CURRENT_DATE", "CURDATE": "CURRENT_DATE", "CURRENT_TIME": "CURRENT_TIME",
        "CURTIME": "CURRENT_TIME",
    ]

    /// - Parameter cursor: stands behind the word.
    private func keyword(_ token: Token, _ upper: String, _ cursor: TokenCursor) throws(SQLError) -> String {
        let isCast = cursor.peek(-2)?.isWord("AS") == true && cursor.current?.isSymbol(")") == true
        switch upper {
        case "DIV": return "/"
        case "RLIKE": return "REGEXP"
        case "XOR": throw SQLError.unsupported("XOR")
        case "INTERVAL": throw SQLError.unsupported("INTERVAL here; write date + INTERVAL n unit")
        case "UNSIGNED", "SIGNED": return isCast ? "INTEGER" : token.text
        case "CHAR": return isCast ? "TEXT" : token.text
        case "BINARY": return isCast ? "BLOB" : token.text
        case "DATETIME", "DATE", "TIME": return isCast ? "TEXT" : token.text
        case _: return token.text
        }
    }
}
