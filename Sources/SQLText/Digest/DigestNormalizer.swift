/// Turns tokens into the normalised text; constant memory, one pass.
struct DigestNormalizer: ~Escapable {
    let text: Span<UInt8>
    let options: DigestOptions
    var lists: DigestLists
    var groups = DigestGroups()
    var commentStart = 0
    var commentEnd = 0

    /// Whether blanks or a comment stand before the next token.
    private var isBlankBefore = false
    /// A `;` that counts only if something follows, and whether a blank is before it.
    private var isSemicolonHeld = false
    private var isSemicolonBlank = false
    /// A sign that vanishes if a value follows; negative when none is held.
    private var sign = -1
    private var isSignBlank = false
    /// What stands before the next token, for telling a sign from an operator.
    private var before = Before.nothing
    private var wordStart = 0
    private var wordEnd = 0

    private enum Before: UInt8 {
        case nothing
        case operand
        /// A word, which is an operand unless it is a keyword.
        case word
        /// The dot before a name, which is no keyword then.
        case dot
    }

    @_lifetime(copy text)
    init(_ text: Span<UInt8>, _ options: DigestOptions, _ sink: DigestSink) {
        self.text = text
        self.options = options
        lists = DigestLists(DigestWriter(sink, lowercase: options.lowercase), limit: options.listLimit)
        groups.limit = max(options.groupLimit, 1)
    }

    @_lifetime(self: copy self)
    mutating func run() {
        let length = min(max(options.maxStatementLength, 0), text.count)
        var tokenizer = SQLTokenizer(text.extracting(0..<length), mode: options.mode)
        while !lists.output.sink.isFull, let token = tokenizer.nextInlined() { take(token) }
        flushSign()
        groups.release(&lists)
        lists.finish()
    }

    @inline(__always)
    @_lifetime(self: copy self)
    private mutating func take(_ token: SQLToken) {
        switch token.kind {
        case .whitespace, .executableCommentOpen, .executableCommentClose: isBlankBefore = true
        case .lineComment, .blockComment: comment(token)
        case .string, .integer, .decimal, .float, .hexNumber, .bitNumber, .parameter: value()
        case .nationalString, .hexString, .bitString:
            verbatim(token.start, token.start + 1)
            value()
        case .identifier: identifier(token)
        case .quotedIdentifier, .userVariable, .systemVariable, .charsetIntroducer:
            verbatim(token.start, token.end)
            before = .operand
        case .host: host(token)
        case .unknown: verbatim(token.start, token.end)
        case .dot:
            verbatim(token.start, token.end)
            before = .dot
        case .openParenthesis, .closeParenthesis, .comma: punctuation(token.kind)
        case .semicolon: semicolon()
        case .operator: operation(token)
        }
    }

    @_lifetime(self: copy self)
    private mutating func comment(_ token: SQLToken) {
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

    /// The blank before this token, which is now spent.
    @inline(__always)
    @_lifetime(self: copy self)
    private mutating func takeBlank() -> Bool {
        defer { isBlankBefore = false }
        return isBlankBefore
    }

    @inline(__always)
    @_lifetime(self: copy self)
    private mutating func value() {
        if isSemicolonHeld { flushSemicolon() }
        var blank = takeBlank()
        if sign >= 0 {
            blank = isSignBlank
            sign = -1
        }
        groups.mark(&lists, blank: blank)
        before = .operand
    }

    /// Bytes as they are; the caller says what they mean for a sign behind them.
    @inline(__always)
    @_lifetime(self: copy self)
    private mutating func verbatim(_ start: Int, _ end: Int, _ piece: DigestWriter.Piece = .other) {
        beginPiece()
        lists.output.text(text, start, end, piece, blank: takeBlank())
        before = .nothing
    }

    /// Writes all that is held back.
    @inline(__always)
    @_lifetime(self: copy self)
    private mutating func beginPiece() {
        if isSemicolonHeld { flushSemicolon() }
        if sign >= 0 { flushSign() }
        groups.release(&lists)
        lists.endRun()
    }

    @inline(__always)
    @_lifetime(self: copy self)
    private mutating func identifier(_ token: SQLToken) {
        let isQualified = before == .dot
        if options.replaceNull, !isQualified, isReplaceableNull(token) { return value() }
        if options.replaceDigits {
            beginPiece()
            lists.output.nameWithoutDigits(text, token.start, token.end, blank: takeBlank())
        } else {
            verbatim(token.start, token.end)
        }
        before = isQualified ? .operand : .word
        wordStart = token.start
        wordEnd = token.end
    }

    private func isReplaceableNull(_ token: SQLToken) -> Bool {
        guard SQLWord(text, token.range) == "NULL" else { return false }
        guard before == .word else { return true }
        let previous = SQLWord(text, wordStart..<wordEnd)
        return previous != "IS" && previous != "NOT"
    }

    /// A quoted host is a value, `@?`.
    @_lifetime(self: copy self)
    private mutating func host(_ token: SQLToken) {
        let quote = token.end - token.start > 1 ? text[token.start + 1] : 0
        guard quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else {
            verbatim(token.start, token.end)
            before = .operand
            return
        }
        verbatim(token.start, token.start + 1)
        value()
    }

    @inline(__always)
    @_lifetime(self: copy self)
    private mutating func punctuation(_ kind: SQLTokenKind) {
        if isSemicolonHeld { flushSemicolon() }
        if sign >= 0 { flushSign() }
        let blank = takeBlank()
        switch kind {
        case .openParenthesis: groups.open(&lists, blank: blank)
        case .closeParenthesis: groups.close(&lists)
        default: groups.comma(&lists)
        }
        before = kind == .closeParenthesis ? .operand : .nothing
    }

    @_lifetime(self: copy self)
    private mutating func operation(_ token: SQLToken) {
        let first = text[token.start]
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
        case .word: SQLWord(text, wordStart..<wordEnd).precedesOperand
        }
    }

    @_lifetime(self: copy self)
    private mutating func flushSign() {
        guard sign >= 0 else { return }
        let start = sign
        sign = -1
        let blank = isBlankBefore
        isBlankBefore = isSignBlank
        verbatim(start, start + 1, .arithmetic)
        isBlankBefore = blank
    }

    @_lifetime(self: copy self)
    private mutating func semicolon() {
        flushSign()
        if !isSemicolonHeld { isSemicolonBlank = isBlankBefore }
        isSemicolonHeld = true
        isBlankBefore = false
        before = .nothing
    }

    /// A run of semicolons is one, and none at the text's start.
    @_lifetime(self: copy self)
    private mutating func flushSemicolon() {
        isSemicolonHeld = false
        groups.release(&lists)
        lists.endRun()
        guard lists.output.last != .start else { return }
        lists.output.symbol(UInt8(ascii: ";"), .other, blank: isSemicolonBlank)
    }
}
