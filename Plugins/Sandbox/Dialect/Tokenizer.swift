import MySQLWire

/// Cuts MySQL's SQL into tokens: backslash escapes, three kinds of comments, backticks, `/*! … */` taken as code.
struct Tokenizer {
    private let input: [UInt8]
    private var position = 0
    /// Whether a `/*!` is open, whose content counts.
    private var isInVersionComment = false

    init(_ input: [UInt8]) {
        self.input = input
    }

    /// All tokens of the input, semicolons included.
    ///
    /// - Throws: error 1064 where a string, name or comment isn't closed.
    static func tokens(of input: [UInt8]) throws(SQLError) -> [Token] {
        var tokenizer = Tokenizer(input)
        var tokens: [Token] = []
        while let token = try tokenizer.next() {
            tokens.append(token)
        }
        return tokens
    }

    private mutating func next() throws(SQLError) -> Token? {
        let isSpaced = try skipBlanks()
        guard position < input.count else { return nil }
        let start = position
        var token = try scan()
        token.range = start..<position
        token.isSpaced = isSpaced
        return token
    }

    private mutating func scan() throws(SQLError) -> Token {
        let byte = input[position]
        switch byte {
        case UInt8(ascii: "'"), UInt8(ascii: "\""): return try quoted(byte)
        case UInt8(ascii: "`"): return try backticked()
        case UInt8(ascii: "@"): return try variable()
        case UInt8(ascii: "?"):
            position += 1
            return make(.parameter, "?")
        case UInt8(ascii: "0")...UInt8(ascii: "9"): return number()
        case UInt8(ascii: ".") where peek(1).map(Self.isDigit) == true: return number()
        case _ where Self.isWordByte(byte): return try word()
        case _: return symbol()
        }
    }

    private func make(_ kind: Token.Kind, _ text: String, bytes: [UInt8] = []) -> Token {
        Token(kind: kind, text: text, bytes: bytes, range: 0..<0, isSpaced: false)
    }

    private func peek(_ distance: Int) -> UInt8? {
        position + distance < input.count ? input[position + distance] : nil
    }

    private func text(from start: Int) -> String {
        String(decoding: input[start..<position], as: UTF8.self)
    }
}

// MARK: Blanks and comments

extension Tokenizer {
    /// Skips white space and comments; tells whether there were any.
    private mutating func skipBlanks() throws(SQLError) -> Bool {
        let start = position
        while position < input.count {
            if input[position] <= 0x20 {
                position += 1
            } else if input[position] == UInt8(ascii: "#") || isDashComment {
                while position < input.count, input[position] != 0x0A { position += 1 }
            } else if input[position] == UInt8(ascii: "/"), peek(1) == UInt8(ascii: "*") {
                try skipComment()
            } else if isInVersionComment, input[position] == UInt8(ascii: "*"), peek(1) == UInt8(ascii: "/") {
                isInVersionComment = false
                position += 2
            } else {
                break
            }
        }
        return position > start
    }

    private var isDashComment: Bool {
        input[position] == UInt8(ascii: "-") && peek(1) == UInt8(ascii: "-") && (peek(2) ?? 0x20) <= 0x20
    }

    private mutating func skipComment() throws(SQLError) {
        let start = position
        position += 2
        if position < input.count, input[position] == UInt8(ascii: "!") {
            position += 1
            while position < input.count, Self.isDigit(input[position]) { position += 1 }
            isInVersionComment = true
            return
        }
        while position + 1 < input.count {
            if input[position] == UInt8(ascii: "*"), input[position + 1] == UInt8(ascii: "/") {
                position += 2
                return
            }
            position += 1
        }
        throw unclosed("comment", start)
    }

    private func unclosed(_ what: String, _ start: Int) -> SQLError {
        SQLError.syntax("the \(what) that begins at byte \(start + 1) is not closed")
    }
}

// MARK: Quotes

extension Tokenizer {
    private mutating func quoted(_ quote: UInt8) throws(SQLError) -> Token {
        let start = position
        var value: [UInt8] = []
        position += 1
        while position < input.count {
            let byte = input[position]
            position += 1
            if byte == quote {
                guard position < input.count, input[position] == quote else { return make(.string, "", bytes: value) }
                position += 1
                value.append(quote)
            } else if byte == UInt8(ascii: "\\"), position < input.count {
                Self.appendEscape(input[position], to: &value)
                position += 1
            } else {
                value.append(byte)
            }
        }
        throw unclosed("string", start)
    }

    /// MySQL manual, "String Literals", table of special character escape sequences; `\%` and `\_` stay as they are.
    private static func appendEscape(_ byte: UInt8, to value: inout [UInt8]) {
        switch byte {
        case UInt8(ascii: "0"): value.append(0)
        case UInt8(ascii: "b"): value.append(0x08)
        case UInt8(ascii: "n"): value.append(0x0A)
        case UInt8(ascii: "r"): value.append(0x0D)
        case UInt8(ascii: "t"): value.append(0x09)
        case UInt8(ascii: "Z"): value.append(0x1A)
        case UInt8(ascii: "%"), UInt8(ascii: "_"): value += [UInt8(ascii: "\\"), byte]
        case _: value.append(byte)
        }
    }

    private mutating func backticked() throws(SQLError) -> Token {
        let start = position
        var name: [UInt8] = []
        position += 1
        while position < input.count {
            let byte = input[position]
            position += 1
            if byte == UInt8(ascii: "`") {
                guard position < input.count, input[position] == byte else {
                    return make(.quotedName, String(decoding: name, as: UTF8.self))
                }
                position += 1
            }
            name.append(byte)
        }
        throw unclosed("quoted name", start)
    }
}

// MARK: Words, variables, numbers, symbols

extension Tokenizer {
    private mutating func word() throws(SQLError) -> Token {
        let start = position
        if input[position] | 0x20 == UInt8(ascii: "x"), peek(1) == UInt8(ascii: "'") {
            position += 1
            let digits = try quoted(UInt8(ascii: "'")).bytes
            return make(.hex, String(decoding: digits, as: UTF8.self))
        }
        while position < input.count, Self.isWordByte(input[position]) { position += 1 }
        return make(.word, text(from: start))
    }

    private mutating func variable() throws(SQLError) -> Token {
        let isSystem = peek(1) == UInt8(ascii: "@")
        position += isSystem ? 2 : 1
        let name = try variableName()
        guard isSystem else { return make(.userVariable, name.lowercased()) }
        let lowered = name.lowercased()
        guard ["session", "global", "local"].contains(lowered), position < input.count,
            input[position] == UInt8(ascii: ".")
        else { return make(.systemVariable, lowered) }
        position += 1
        return make(.systemVariable, try variableName().lowercased())
    }

    private mutating func variableName() throws(SQLError) -> String {
        guard position < input.count else { return "" }
        if input[position] == UInt8(ascii: "`") { return try backticked().text }
        if input[position] == UInt8(ascii: "'") || input[position] == UInt8(ascii: "\"") {
            return String(decoding: try quoted(input[position]).bytes, as: UTF8.self)
        }
        let start = position
        while position < input.count, Self.isWordByte(input[position]) { position += 1 }
        return text(from: start)
    }

    private mutating func number() -> Token {
        let start = position
        if input[position] == UInt8(ascii: "0"), peek(1).map({ $0 | 0x20 }) == UInt8(ascii: "x") {
            position += 2
            let digits = position
            while position < input.count, Self.isWordByte(input[position]) { position += 1 }
            return make(.hex, text(from: digits))
        }
        while position < input.count, Self.isWordByte(input[position]) || input[position] == UInt8(ascii: ".") {
            let isExponent = input[position] | 0x20 == UInt8(ascii: "e")
            position += 1
            if isExponent, position < input.count, [UInt8(ascii: "+"), UInt8(ascii: "-")].contains(input[position]) {
                position += 1
            }
        }
        return make(.number, text(from: start))
    }

    private mutating func symbol() -> Token {
        let start = position
        for known in Self.longSymbols where input[position...].starts(with: known.utf8) {
            position += known.utf8.count
            return make(.symbol, known)
        }
        position += 1
        return make(.symbol, text(from: start))
    }

    private static let longSymbols = ["<=>", "->>", "->", ":=", "<=", ">=", "<>", "!=", "<<", ">>", "&&", "||"]

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        isDigit(byte) || byte >= 0x80 || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "$")
            || (byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z"))
    }
}
