/// Comments, signs, accounts and the rest that is rare in a statement, and what is held back for what comes behind it.
extension DigestNormalizer {
    @_lifetime(self: copy self)
    mutating func comment(_ token: SQLToken) {
        if token.kind == .blockComment, commentEnd == 0 {
            commentStart = token.start
            commentEnd = token.end
        }
        isBlankBefore = true
        guard options.keepComments else { return }
        let context = before
        verbatim(token.start, token.end)
        before = context
        isBlankBefore = true
    }

    @_lifetime(self: copy self)
    mutating func identifier(_ token: SQLToken) {
        let isQualified = before == .dot
        if options.replaceNull, !isQualified, isReplaceableNull(token) { return value() }
        if options.replaceDigits {
            beginPiece()
            lists.output.nameWithoutDigits(tokenizer.text, token.start, token.end, blank: takeBlank())
        } else {
            verbatim(token.start, token.end)
        }
        before = isQualified ? .operand : .word
        wordStart = token.start
        wordEnd = token.end
    }

    private func isReplaceableNull(_ token: SQLToken) -> Bool {
        guard SQLWord(tokenizer.text, token.range) == "NULL" else { return false }
        guard before == .word else { return true }
        let previous = SQLWord(tokenizer.text, wordStart..<wordEnd)
        return previous != "IS" && previous != "NOT"
    }

    /// A quoted host is a value, `@?`.
    @_lifetime(self: copy self)
    mutating func host(_ token: SQLToken) {
        let quote = token.end - token.start > 1 ? tokenizer.text[token.start + 1] : 0
        guard quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else {
            verbatim(token.start, token.end)
            before = .operand
            return
        }
        verbatim(token.start, token.start + 1)
        value()
    }

    @_lifetime(self: copy self)
    mutating func operation(_ token: SQLToken) {
        let first = tokenizer.text[token.start]
        guard token.end - token.start == 1, Self.isArithmetic(first) else {
            return verbatim(token.start, token.end)
        }
        let isSign = first == UInt8(ascii: "+") || first == UInt8(ascii: "-")
        guard isSign, isSignPosition else { return verbatim(token.start, token.end, .arithmetic) }
        if isSemicolonHeld { flushSemicolon() }
        if sign >= 0 { flushSign() }
        sign = token.start
        isSignBlank = takeBlank()
    }

    private static func isArithmetic(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "*"), UInt8(ascii: "/"), UInt8(ascii: "%"): true
        default: false
        }
    }

    private var isSignPosition: Bool {
        switch before {
        case .nothing, .dot: true
        case .operand: false
        case .word: SQLWord(tokenizer.text, wordStart..<wordEnd).precedesOperand
        }
    }

    @_lifetime(self: copy self)
    mutating func flushSign() {
        guard sign >= 0 else { return }
        let start = sign
        sign = -1
        let blank = isBlankBefore
        isBlankBefore = isSignBlank
        verbatim(start, start + 1, .arithmetic)
        isBlankBefore = blank
    }

    @_lifetime(self: copy self)
    mutating func semicolon() {
        flushSign()
        if !isSemicolonHeld { isSemicolonBlank = isBlankBefore }
        isSemicolonHeld = true
        isBlankBefore = false
        before = .nothing
    }

    /// A run of semicolons is one, and none at the text's start.
    @_lifetime(self: copy self)
    mutating func flushSemicolon() {
        isSemicolonHeld = false
        groups.release(&lists)
        lists.endRun()
        guard lists.output.last != .start else { return }
        lists.output.symbol(UInt8(ascii: ";"), .other, blank: isSemicolonBlank)
    }
}
