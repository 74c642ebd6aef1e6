import MySQLWire

/// SET in all its forms.
extension Dialect {
    func assignments(_ cursor: inout TokenCursor) throws(SQLError) -> [Assignment] {
        cursor.index += 1
        if cursor.take("NAMES") { return try names(&cursor) }
        if cursor.take("CHARACTER", "SET") || cursor.take("CHARSET") { return try names(&cursor) }
        if cursor.tokens.contains(where: { $0.isWord("TRANSACTION") }) { return isolation(cursor.tokens) }
        if cursor.current?.isWord("PASSWORD") == true {
            throw SQLError.unsupported("SET PASSWORD; use --sandbox-password")
        }
        var assignments: [Assignment] = []
        repeat { assignments.append(try assignment(cursor.item())) } while cursor.takeSymbol(",")
        return assignments
    }

    /// `SET TRANSACTION ISOLATION LEVEL …`; without SESSION, too, it lasts as long as the session.
    private func isolation(_ tokens: ArraySlice<Token>) -> [Assignment] {
        guard let level = tokens.firstIndex(where: { $0.isWord("LEVEL") }) else { return [] }
        let words = tokens[(level + 1)...].prefix { $0.kind == .word }.map { $0.text.uppercased() }
        return ["transaction_isolation", "tx_isolation"].map {
            Assignment(isUserVariable: false, name: $0, value: .word(words.joined(separator: "-")))
        }
    }

    private func names(_ cursor: inout TokenCursor) throws(SQLError) -> [Assignment] {
        guard let token = cursor.next() else { throw SQLError.syntax("expected a character set") }
        let name = token.kind == .string ? String(decoding: token.bytes, as: UTF8.self) : token.text
        return ["character_set_client", "character_set_connection", "character_set_results"].map {
            Assignment(isUserVariable: false, name: $0, value: .word(name))
        }
    }

    private func assignment(_ item: ArraySlice<Token>) throws(SQLError) -> Assignment {
        var cursor = TokenCursor(item)
        for scope in ["SESSION", "GLOBAL", "LOCAL", "PERSIST"] where cursor.peek()?.isName == true {
            _ = cursor.take(scope)
        }
        guard let target = cursor.next(),
            target.isName || target.kind == .systemVariable || target.kind == .userVariable
        else { throw SQLError.syntax("expected a variable's name behind SET") }
        guard cursor.takeSymbol("=") || cursor.takeSymbol(":=") else {
            throw SQLError.syntax("expected '=' behind '\(target.text)'")
        }
        let isUser = target.kind == .userVariable
        return Assignment(isUserVariable: isUser, name: target.text.lowercased(), value: try value(cursor.rest))
    }

    private func value(_ tokens: ArraySlice<Token>) throws(SQLError) -> Assignment.Value {
        if tokens.count == 1, let word = tokens.first, word.kind == .word, !word.isWord("NULL") {
            return .word(word.text)
        }
        guard !tokens.isEmpty else { throw SQLError.syntax("expected a value behind '='") }
        return .expression(try rewriter.rewrite(tokens))
    }
}
