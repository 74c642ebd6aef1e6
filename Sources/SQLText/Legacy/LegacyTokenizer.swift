/// Cuts a statement into tokens as mysql-proxy's `mysql.tokenizer` does, for scripts that rely on its rules.
///
/// It knows no sql_mode, `#` comments, hex numbers or operators newer than MySQL 5.1; decide on statements with
/// `SQLTokenizer` instead. Linear time, never a trap.
public struct LegacyTokenizer: ~Escapable {
    /// The statement.
    public let text: Span<UInt8>
    private var offset = 0

    /// A tokenizer at the front of `text`.
    @_lifetime(copy text)
    public init(_ text: Span<UInt8>) { self.text = text }

    /// The next token; nil at the end. Blanks make none.
    @_lifetime(self: copy self)
    public mutating func next() -> LegacyToken? {
        while byte(at: offset).isBlank { offset += 1 }
        guard offset < text.count else { return nil }
        let first = text[offset]
        switch first {
        case UInt8(ascii: "'"), UInt8(ascii: "\""): return quoted(by: first, .string)
        case UInt8(ascii: "`"): return quoted(by: first, .literal)
        case UInt8(ascii: "/") where byte(at: offset + 1) == UInt8(ascii: "*"): return blockComment()
        case UInt8(ascii: "-") where startsLineComment: return lineComment()
        case UInt8(ascii: "."): return fraction(from: offset) ?? take(1, .dot)
        default: return isWord(first) ? word(first) : symbol(first)
        }
    }

    private func byte(at index: Int) -> UInt8 { index < text.count ? text[index] : 0 }

    @_lifetime(self: copy self)
    private mutating func take(_ count: Int, _ kind: LegacyToken.Kind) -> LegacyToken {
        let start = offset
        offset += count
        return LegacyToken(kind, start..<offset)
    }
}

// Quotes and comments.
extension LegacyTokenizer {
    @_lifetime(self: copy self)
    private mutating func quoted(by quote: UInt8, _ kind: LegacyToken.Kind) -> LegacyToken {
        let start = offset + 1
        var index = start
        while index < text.count {
            let byte = text[index]
            if byte == quote {
                guard self.byte(at: index + 1) == quote else { break }
                index += 2
            } else {
                index += byte == UInt8(ascii: "\\") && kind == .string ? 2 : 1
            }
        }
        let end = min(index, text.count)
        offset = min(end + 1, text.count)
        return LegacyToken(kind, start..<end, quote: quote)
    }

    @_lifetime(self: copy self)
    private mutating func blockComment() -> LegacyToken {
        let isExecutable = byte(at: offset + 2) == UInt8(ascii: "!")
        let start = offset + (isExecutable ? 3 : 2)
        var end = start
        while end < text.count, text[end] != UInt8(ascii: "*") || byte(at: end + 1) != UInt8(ascii: "/") { end += 1 }
        offset = min(end + 2, text.count)
        return LegacyToken(isExecutable ? .executableComment : .comment, start..<end)
    }

    /// `--` counts before a space, a tab or the line's end, and not at the text's end.
    private var startsLineComment: Bool {
        guard byte(at: offset + 1) == UInt8(ascii: "-") else { return false }
        return [UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n")].contains(byte(at: offset + 2))
    }

    @_lifetime(self: copy self)
    private mutating func lineComment() -> LegacyToken {
        let start = min(offset + (byte(at: offset + 2) == UInt8(ascii: "\n") ? 2 : 3), text.count)
        var end = start
        while end < text.count, text[end] != UInt8(ascii: "\n") { end += 1 }
        offset = end
        return LegacyToken(.comment, start..<end)
    }
}

// Words, numbers and operators.
extension LegacyTokenizer {
    private func isWord(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "@") || (byte.isWord && byte < 0x80 && byte != UInt8(ascii: "$"))
    }

    @_lifetime(self: copy self)
    private mutating func word(_ first: UInt8) -> LegacyToken {
        let start = offset
        if first.isDigit, let number = number() { return number }
        while isWord(byte(at: offset)) { offset += 1 }
        let range = start..<offset
        if byte(at: offset) == UInt8(ascii: "(") { return LegacyToken(.function, range) }
        if let id = LegacyToken.keywordID(in: text, range) { return LegacyToken(id: id, range) }
        return LegacyToken(.literal, range)
    }

    /// The number at the offset, unless a word is longer.
    @_lifetime(self: copy self)
    private mutating func number() -> LegacyToken? {
        let end = digits(from: offset)
        if let float = fraction(from: end) ?? exponent(from: end) { return float }
        guard !isWord(byte(at: end)), byte(at: end) != UInt8(ascii: "(") else { return nil }
        return take(end - offset, .integer)
    }

    private func digits(from start: Int) -> Int {
        var end = start
        while byte(at: end).isDigit { end += 1 }
        return end
    }

    /// A float whose dot is at `index`.
    @_lifetime(self: copy self)
    private mutating func fraction(from index: Int) -> LegacyToken? {
        guard byte(at: index) == UInt8(ascii: "."), byte(at: index + 1).isDigit else { return nil }
        let end = digits(from: index + 1)
        return exponent(from: end) ?? take(end - offset, .float)
    }

    /// A float whose `e` is at `index`.
    @_lifetime(self: copy self)
    private mutating func exponent(from index: Int) -> LegacyToken? {
        guard byte(at: index).lowercased == UInt8(ascii: "e") else { return nil }
        let sign = byte(at: index + 1)
        let isSigned = sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-")
        let first = index + (isSigned ? 2 : 1)
        let end = digits(from: first)
        // Without a sign, a word that goes on behind the digits is the longer match.
        guard end > first, isSigned || !isWord(byte(at: end)) else { return nil }
        return take(end - offset, .float)
    }

    @_lifetime(self: copy self)
    private mutating func symbol(_ first: UInt8) -> LegacyToken {
        let second = byte(at: offset + 1)
        switch (first, second) {
        case (UInt8(ascii: "<"), UInt8(ascii: "=")): return take(2, .lessOrEqual)
        case (UInt8(ascii: ">"), UInt8(ascii: "=")): return take(2, .greaterOrEqual)
        case (UInt8(ascii: "<"), UInt8(ascii: ">")), (UInt8(ascii: "!"), UInt8(ascii: "=")): return take(2, .notEqual)
        case (UInt8(ascii: ":"), UInt8(ascii: "=")): return take(2, .assign)
        case (UInt8(ascii: "&"), UInt8(ascii: "&")): return take(2, .logicalAnd)
        case (UInt8(ascii: "|"), UInt8(ascii: "|")): return take(2, .logicalOr)
        default: return take(1, Self.kind(ofSymbol: first))
        }
    }

    private static func kind(ofSymbol byte: UInt8) -> LegacyToken.Kind {
        switch byte {
        case UInt8(ascii: "<"): .less
        case UInt8(ascii: ">"): .greater
        case UInt8(ascii: "="): .equal
        case UInt8(ascii: ","): .comma
        case UInt8(ascii: "("): .openBrace
        case UInt8(ascii: ")"): .closeBrace
        case UInt8(ascii: ";"): .semicolon
        case UInt8(ascii: "*"): .star
        case UInt8(ascii: "+"): .plus
        case UInt8(ascii: "-"): .minus
        case UInt8(ascii: "/"): .divide
        case UInt8(ascii: "&"): .bitwiseAnd
        case UInt8(ascii: "|"): .bitwiseOr
        case UInt8(ascii: "^"): .bitwiseXor
        default: .unknown
        }
    }
}
