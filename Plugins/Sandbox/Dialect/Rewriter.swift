import EmbeddedSQL
import MySQLWire

/// Rewrites a run of MySQL tokens as SQLite's SQL: literals, names, operators, functions, hints.
struct Rewriter {
    let schema: String
    /// The query that the tokens were cut from.
    let source: [UInt8]
    /// Whether a system variable of this name exists.
    let knowsVariable: (String) -> Bool
    /// Whether `VALUES(column)` means the row that an INSERT was about to write.
    var isInUpsert = false

    func rewrite(_ tokens: ArraySlice<Token>) throws(SQLError) -> String {
        var cursor = TokenCursor(tokens)
        var pieces: [Piece] = []
        var isSpaced = false
        while let token = cursor.current {
            isSpaced = isSpaced || token.isSpaced
            let start = cursor.index
            if isInterval(token, cursor) {
                let operand = try operandStart(before: start, in: tokens)
                // An operand that ends in an INTERVAL of its own is in the last piece already.
                let first = pieces.firstIndex { $0.start >= operand } ?? max(0, pieces.count - 1)
                let text = try infixInterval(behind: Self.joined(pieces[first...]), &cursor)
                let hadSpace = first < pieces.endIndex && pieces[first].isSpaced
                pieces[first...] = [Piece(text: text, start: operand, isSpaced: hadSpace)]
                continue
            }
            let text = try piece(token, &cursor)
            guard !text.isEmpty else { continue }
            pieces.append(Piece(text: text, start: start, isSpaced: isSpaced))
            isSpaced = false
        }
        return Self.joined(pieces[...])
    }

    /// What some tokens have become.
    private struct Piece {
        let text: String
        /// The first token's index.
        let start: Int
        let isSpaced: Bool
    }

    private static func joined(_ pieces: ArraySlice<Piece>) -> String {
        var output = ""
        for piece in pieces {
            if !output.isEmpty, piece.isSpaced || wouldMerge(output, piece.text) { output += " " }
            output += piece.text
        }
        return output
    }

    /// The text for the token at the cursor, which steps over what the text stands for.
    private func piece(_ token: Token, _ cursor: inout TokenCursor) throws(SQLError) -> String {
        switch token.kind {
        case .word: return try word(token, &cursor)
        case .string:
            cursor.index += 1
            return string(token, cursor)
        case .quotedName:
            if let catalog = try catalog(token, &cursor) { return catalog }
            if try skipSchema(token, &cursor) { return "" }
            cursor.index += 1
            return Literal.name(token.text)
        case .number, .parameter:
            cursor.index += 1
            return token.text
        case .hex:
            cursor.index += 1
            return "X'" + (token.text.utf8.count % 2 == 0 ? "" : "0") + token.text + "'"
        case .systemVariable:
            cursor.index += 1
            guard knowsVariable(token.text) else { throw SQLError.unknownVariable(token.text) }
            return "sandbox_system(\(Literal.text(token.text)))"
        case .userVariable:
            cursor.index += 1
            return "sandbox_user(\(Literal.text(token.text)))"
        case .symbol:
            cursor.index += 1
            return try symbol(token)
        }
    }

    private func symbol(_ token: Token) throws(SQLError) -> String {
        switch token.text {
        case "&&": return " AND "
        case "||": return " OR "
        case "<=>": return " IS "
        // SQLite divides whole numbers without a rest, which MySQL's DIV is for.
        case "/": return "* 1.0 /"
        case "!": return " NOT "
        case ":=": throw SQLError.unsupported("assignments inside of expressions; use SET")
        case _: return token.text
        }
    }

    /// A string; behind LIKE, one with a backslash needs MySQL's default escape spelled out.
    private func string(_ token: Token, _ cursor: TokenCursor) -> String {
        let text = Literal.text(bytes: token.bytes)
        let isPattern = cursor.peek(-2)?.isWord("LIKE") == true && cursor.current?.isWord("ESCAPE") != true
        return isPattern && token.bytes.contains(UInt8(ascii: "\\")) ? text + " ESCAPE '\\'" : text
    }

    /// Steps over `schema.` where it is the session's.
    func skipSchema(_ token: Token, _ cursor: inout TokenCursor) throws(SQLError) -> Bool {
        guard cursor.peek()?.isSymbol(".") == true, cursor.peek(2)?.isName == true else { return false }
        let name = token.text.lowercased()
        if ["information_schema", "performance_schema", "mysql", "sys"].contains(name) {
            throw SQLError.unsupported("the schema '\(name)'; use SHOW")
        }
        guard name == schema else { return false }
        cursor.index += 2
        return true
    }

    private static func wouldMerge(_ left: String, _ right: String) -> Bool {
        guard let end = left.utf8.last, let start = right.utf8.first else { return false }
        return isWordByte(end) && isWordByte(start)
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        byte >= 0x80 || byte == 0x5F || (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20)
    }
}
