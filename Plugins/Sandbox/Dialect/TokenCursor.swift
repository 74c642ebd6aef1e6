import MySQLWire

/// Walks a statement's tokens.
struct TokenCursor {
    let tokens: ArraySlice<Token>
    var index: Int

    init(_ tokens: ArraySlice<Token>) {
        self.tokens = tokens
        index = tokens.startIndex
    }

    var current: Token? { index < tokens.endIndex ? tokens[index] : nil }
    var rest: ArraySlice<Token> { tokens[min(index, tokens.endIndex)...] }
    var isAtEnd: Bool { index >= tokens.endIndex }

    func peek(_ distance: Int = 1) -> Token? {
        let place = index + distance
        return place >= tokens.startIndex && place < tokens.endIndex ? tokens[place] : nil
    }

    /// Steps over these keywords where they come next, all of them or none.
    mutating func take(_ keywords: String...) -> Bool {
        for (distance, keyword) in keywords.enumerated() where peek(distance)?.isWord(keyword) != true { return false }
        index += keywords.count
        return true
    }

    mutating func takeSymbol(_ symbol: String) -> Bool {
        guard current?.isSymbol(symbol) == true else { return false }
        index += 1
        return true
    }

    mutating func next() -> Token? {
        defer { index += 1 }
        return current
    }

    /// The name that must come next, unquoted.
    mutating func name(_ what: String) throws(SQLError) -> String {
        guard let token = current, token.isName else {
            throw SQLError.syntax("expected \(what)" + (current.map { " near '\($0.text)'" } ?? " at the end"))
        }
        index += 1
        return token.text
    }

    /// A table's name, the schema in front of it taken off.
    mutating func table(in schema: String) throws(SQLError) -> String {
        let first = try name("a table's name")
        guard takeSymbol(".") else { return first }
        guard first.lowercased() == schema else { throw SQLError.unknownSchema(first) }
        return try name("a table's name")
    }

    /// The tokens up to a comma outside of parentheses, which is stepped over, or to the end.
    mutating func item(endedBy ends: (Token) -> Bool = { _ in false }) -> ArraySlice<Token> {
        let start = index
        var depth = 0
        while let token = current {
            if token.isSymbol("(") { depth += 1 }
            if token.isSymbol(")") { depth -= 1 }
            if depth < 0 || (depth == 0 && (token.isSymbol(",") || ends(token))) { break }
            index += 1
        }
        return tokens[start..<index]
    }

    /// What stands between the parenthesis that must come next and its partner.
    mutating func parenthesized() throws(SQLError) -> ArraySlice<Token> {
        guard takeSymbol("(") else { throw SQLError.syntax("expected '(' near '\(current?.text ?? "the end")'") }
        let start = index
        var depth = 1
        while let token = next() {
            if token.isSymbol("(") { depth += 1 }
            if token.isSymbol(")") { depth -= 1 }
            if depth == 0 { return tokens[start..<index - 1] }
        }
        throw SQLError.syntax("a parenthesis is not closed")
    }
}

extension ArraySlice<Token> {
    /// The parts between the commas outside of parentheses.
    var separated: [ArraySlice<Token>] {
        var cursor = TokenCursor(self)
        var parts = [cursor.item()]
        while cursor.takeSymbol(",") { parts.append(cursor.item()) }
        return parts
    }
}
