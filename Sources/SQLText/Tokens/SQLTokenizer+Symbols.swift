/// Operators and comments.
extension SQLTokenizer {
    /// An operator, a comment that starts like one, or a byte that starts nothing.
    @_lifetime(self: copy self)
    mutating func symbol(_ first: UInt8) -> SQLTokenKind {
        let second = byte(at: offset + 1)
        switch first {
        case UInt8(ascii: "-"): return minus(second)
        case UInt8(ascii: "/"): return second == UInt8(ascii: "*") ? blockComment() : take(1, .operator)
        case UInt8(ascii: "*"): return star(second)
        case UInt8(ascii: "<"): return less(second)
        case UInt8(ascii: ">"): return pair(second == UInt8(ascii: "=") || second == first)
        case UInt8(ascii: "!"), UInt8(ascii: ":"): return pair(second == UInt8(ascii: "="))
        case UInt8(ascii: "&"), UInt8(ascii: "|"): return pair(second == first)
        case UInt8(ascii: "+"), UInt8(ascii: "="), UInt8(ascii: "%"), UInt8(ascii: "^"), UInt8(ascii: "~"):
            return take(1, .operator)
        default: return take(1, .unknown)
        }
    }

    @_lifetime(self: copy self)
    private mutating func pair(_ isPair: Bool) -> SQLTokenKind { take(isPair ? 2 : 1, .operator) }

    @_lifetime(self: copy self)
    private mutating func less(_ second: UInt8) -> SQLTokenKind {
        if second == UInt8(ascii: "="), byte(at: offset + 2) == UInt8(ascii: ">") { return take(3, .operator) }
        return pair(second == UInt8(ascii: "=") || second == UInt8(ascii: ">") || second == UInt8(ascii: "<"))
    }

    @_lifetime(self: copy self)
    private mutating func minus(_ second: UInt8) -> SQLTokenKind {
        // Behind the text's end `byte(at:)` is 0, a control character: `--` as the last bytes is a comment, as on servers.
        if second == UInt8(ascii: "-"), byte(at: offset + 2).isBlankOrControl { return lineComment() }
        guard second == UInt8(ascii: ">") else { return take(1, .operator) }
        return take(byte(at: offset + 2) == UInt8(ascii: ">") ? 3 : 2, .operator)
    }

    @_lifetime(self: copy self)
    private mutating func star(_ second: UInt8) -> SQLTokenKind {
        guard isInExecutableComment, second == UInt8(ascii: "/") else { return take(1, .operator) }
        isInExecutableComment = false
        return take(2, .executableCommentClose)
    }

    @_lifetime(self: copy self)
    mutating func lineComment() -> SQLTokenKind {
        var index = offset + 1
        while index < text.count, text[index] != UInt8(ascii: "\n") { index += 1 }
        offset = index
        return .lineComment
    }

    @_lifetime(self: copy self)
    private mutating func blockComment() -> SQLTokenKind {
        if let prefix = SQLToken.executablePrefix(in: text, at: offset, mode: mode) {
            isInExecutableComment = true
            let digits = SQLToken.versionDigits(in: text, at: offset + prefix)
            return take(prefix + digits, .executableCommentOpen)
        }
        var index = offset + 2
        while index + 1 < text.count {
            if text[index] == UInt8(ascii: "*"), text[index + 1] == UInt8(ascii: "/") {
                offset = index + 2
                return .blockComment
            }
            index += 1
        }
        offset = text.count
        isClosed = false
        return .blockComment
    }
}

extension SQLToken {
    /// The server version from which on an executable comment counts: 50100 for `/*!50100`, 0 without one.
    ///
    /// - Returns: nil for any other token.
    public func executableVersion(in text: Span<UInt8>) -> Int? {
        guard kind == .executableCommentOpen, end <= text.count else { return nil }
        var version = 0
        for index in range where text[index].isDigit { version = version * 10 + Int(text[index] - 0x30) }
        return version
    }

    /// The bytes of `/*!` or `/*M!` at `offset`; nil where neither stands.
    fileprivate static func executablePrefix(in text: Span<UInt8>, at offset: Int, mode: SQLLexicalMode) -> Int? {
        let rest = text.count - offset
        if rest > 2, text[offset + 2] == UInt8(ascii: "!") { return 3 }
        guard rest > 3, text[offset + 2] == UInt8(ascii: "M"), text[offset + 3] == UInt8(ascii: "!") else { return nil }
        return mode.contains(.ignoresMariaDBComments) ? nil : 4
    }

    /// A version has five or six digits; fewer belong to the comment's content.
    fileprivate static func versionDigits(in text: Span<UInt8>, at offset: Int) -> Int {
        var count = 0
        while count < 6, offset + count < text.count, text[offset + count].isDigit { count += 1 }
        return count < 5 ? 0 : count
    }
}
