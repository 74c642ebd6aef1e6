/// Cuts a statement into tokens: linear time, no allocation, never a trap, whatever the bytes are.
///
/// Bytes from 0x80 count as letters, one by one, which fits every character set but those whose characters may end in an
/// ASCII byte (big5, cp932, gb18030, gbk, sjis).
/// Source: MySQL reference manual, "Language Structure"; MariaDB knowledge base, "Comment Syntax".
public struct SQLTokenizer: ~Escapable {
    /// The statement.
    public let text: Span<UInt8>
    /// How the server reads it.
    public let mode: SQLLexicalMode
    /// The bytes read so far.
    public internal(set) var offset: Int
    /// Whether the next token stands inside `/*! … */`.
    public internal(set) var isInExecutableComment = false
    /// The token directly before, which decides what a dot, a digit or an `@` starts.
    var previous = SQLTokenKind.whitespace
    var isClosed = true

    /// A tokenizer at byte `offset` of `text`, which must not lie inside a token.
    @_lifetime(copy text)
    public init(_ text: Span<UInt8>, mode: SQLLexicalMode = [], from offset: Int = 0) {
        self.text = text
        self.mode = mode
        self.offset = min(max(offset, 0), text.count)
    }

    /// The next token; nil at the end.
    @_lifetime(self: copy self)
    public mutating func next() -> SQLToken? { nextInlined() }

    /// `next()` for loops that read whole statements, where the call itself would count.
    @inline(__always)
    @_lifetime(self: copy self)
    mutating func nextInlined() -> SQLToken? {
        guard offset < text.count else { return nil }
        let start = offset
        isClosed = true
        previous = scan(text[start])
        return SQLToken(kind: previous, isClosed: isClosed, start: start, end: offset)
    }

    /// Goes past a single space, the blank that is nearly always there.
    @inline(__always)
    @_lifetime(self: copy self)
    mutating func skipSpace() {
        guard offset < text.count, text[offset] == 0x20 else { return }
        offset &+= 1
        previous = .whitespace
    }

    /// The byte at `index`; 0 behind the end.
    @inline(__always)
    func byte(at index: Int) -> UInt8 { index < text.count ? text[index] : 0 }

    /// Takes `count` bytes as one token.
    @inline(__always)
    @_lifetime(self: copy self)
    mutating func take(_ count: Int, _ kind: SQLTokenKind) -> SQLTokenKind {
        offset += count
        return kind
    }

    @inline(__always)
    @_lifetime(self: copy self)
    private mutating func scan(_ first: UInt8) -> SQLTokenKind {
        switch first {
        case 0x20, 0x09...0x0D: return whitespace()
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"),
            UInt8(ascii: "$"), 0x80...:
            return word(first)
        case UInt8(ascii: "0")...UInt8(ascii: "9"): return number(first)
        case UInt8(ascii: ","): return take(1, .comma)
        case UInt8(ascii: "("): return take(1, .openParenthesis)
        case UInt8(ascii: ")"): return take(1, .closeParenthesis)
        case UInt8(ascii: "'"): return quoted(by: first, .string)
        case UInt8(ascii: "\""): return quoted(by: first, mode.contains(.ansiQuotes) ? .quotedIdentifier : .string)
        case UInt8(ascii: "`"): return quoted(by: first, .quotedIdentifier)
        case UInt8(ascii: "?"): return take(1, .parameter)
        case UInt8(ascii: ";"): return take(1, .semicolon)
        case UInt8(ascii: "."): return dot()
        case UInt8(ascii: "@"): return variable()
        case UInt8(ascii: "#"): return lineComment()
        default: return symbol(first)
        }
    }

    @inline(__always)
    @_lifetime(self: copy self)
    private mutating func whitespace() -> SQLTokenKind {
        var index = offset + 1
        while index < text.count, text[index].isBlank { index += 1 }
        offset = index
        return .whitespace
    }

    /// A string or quoted name whose opening quote is at the offset; a doubled quote stands for itself.
    @_lifetime(self: copy self)
    mutating func quoted(by quote: UInt8, _ kind: SQLTokenKind) -> SQLTokenKind {
        let escape = kind == .quotedIdentifier || mode.contains(.noBackslashEscapes) ? quote : UInt8(ascii: "\\")
        let end = text.endOfQuoted(by: quote, escape: escape, from: offset)
        offset = end ?? text.count
        isClosed = end != nil
        return kind
    }
}
