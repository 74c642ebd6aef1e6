/// Turns a statement into its normalised text; constant memory, one pass.
///
/// What statements are mostly made of is read and written right here; the tokenizer reads the rest.
struct DigestNormalizer: ~Escapable {
    var tokenizer: SQLTokenizer
    let options: DigestOptions
    var lists: DigestLists
    var groups = DigestGroups()
    var commentStart = 0
    var commentEnd = 0

    /// Whether blanks or a comment stand before the next token.
    var isBlankBefore = false
    /// A `;` that counts only if something follows, and whether a blank is before it.
    var isSemicolonHeld = false
    var isSemicolonBlank = false
    /// A sign that vanishes if a value follows; negative when none is held.
    var sign = -1
    var isSignBlank = false
    /// What stands before the next token, for telling a sign from an operator.
    var before = Before.nothing
    var wordStart = 0
    var wordEnd = 0
    /// Whether names stay as they are.
    let keepsNames: Bool

    enum Before: UInt8 {
        case nothing
        case operand
        /// A word, which is an operand unless it is a keyword.
        case word
        /// The dot before a name, which is no keyword then.
        case dot
    }

    @inline(__always)
    @_lifetime(copy text)
    init(_ text: Span<UInt8>, _ options: DigestOptions, _ sink: DigestSink) {
        let length = min(max(options.maxStatementLength, 0), text.count)
        tokenizer = SQLTokenizer(text.extracting(0..<length), mode: options.mode)
        self.options = options
        lists = DigestLists(DigestWriter(sink, lowercase: options.lowercase), limit: options.listLimit)
        groups.limit = max(options.groupLimit, 1)
        keepsNames = !options.lowercase && !options.replaceNull && !options.replaceDigits
    }

    @_lifetime(self: copy self)
    mutating func run() {
        let end = tokenizer.text.count
        while tokenizer.offset < end, !lists.output.sink.isFull {
            if tokenizer.text[tokenizer.offset] == 0x20 {
                tokenizer.skipSpace()
                isBlankBefore = true
                if tokenizer.offset == end { break }
            }
            step(tokenizer.text[tokenizer.offset])
        }
        flushSign()
        groups.release(&lists)
        lists.finish()
    }

    /// Takes the token that `first` starts.
    @inline(__always)
    @_lifetime(self: copy self)
    private mutating func step(_ first: UInt8) {
        switch first {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "$"), 0x80...:
            word(first)
        case UInt8(ascii: "0")...UInt8(ascii: "9"): number(first)
        case UInt8(ascii: ","): comma()
        case UInt8(ascii: "("): open()
        case UInt8(ascii: ")"): close()
        case UInt8(ascii: "="): plainOperator()
        case UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "!"): comparison(first)
        case UInt8(ascii: "'"): string()
        case UInt8(ascii: "`"): quotedName()
        case UInt8(ascii: "."): dot()
        default: other()
        }
    }

    /// Anything else, as the tokenizer tells.
    @_lifetime(self: copy self)
    mutating func other() {
        if let token = tokenizer.nextInlined() { take(token) }
    }

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
        case .unknown, .openParenthesis, .closeParenthesis, .comma: verbatim(token.start, token.end)
        case .dot:
            verbatim(token.start, token.end)
            before = .dot
        case .semicolon: semicolon()
        case .operator: operation(token)
        }
    }
}

// What is nearly all of a statement.
extension DigestNormalizer {
    @inline(__always)
    @_lifetime(self: copy self)
    private mutating func word(_ first: UInt8) {
        let start = tokenizer.offset
        // A quote behind one letter may make it a string's prefix.
        guard keepsNames, tokenizer.byte(at: start &+ 1) != UInt8(ascii: "'") else { return other() }
        beginPiece()
        let end = lists.output.word(tokenizer.text, start, blank: takeBlank())
        tokenizer.offset = end
        tokenizer.previous = .identifier
        before = before == .dot ? .operand : .word
        wordStart = start
        wordEnd = end
    }

    @inline(__always)
    @_lifetime(self: copy self)
    private mutating func number(_ first: UInt8) {
        let end = tokenizer.text.endOfDigits(from: tokenizer.offset)
        let next = tokenizer.byte(at: end)
        guard !next.isWord, next != UInt8(ascii: "."), tokenizer.previous != .dot else { return other() }
        tokenizer.offset = end
        tokenizer.previous = .integer
        value()
    }

    @inline(__always)
    @_lifetime(self: copy self)
    private mutating func string() {
        tokenizer.previous = tokenizer.quoted(by: UInt8(ascii: "'"), .string)
        value()
    }

    @inline(__always)
    @_lifetime(self: copy self)
    private mutating func quotedName() {
        let start = tokenizer.offset
        tokenizer.previous = tokenizer.quoted(by: UInt8(ascii: "`"), .quotedIdentifier)
        verbatim(start, tokenizer.offset)
        before = .operand
    }

    @inline(__always)
    @_lifetime(self: copy self)
    private mutating func dot() {
        guard tokenizer.previous == .identifier || tokenizer.previous == .quotedIdentifier else { return other() }
        single(.dot)
        before = .dot
    }

    @inline(__always)
    @_lifetime(self: copy self)
    private mutating func plainOperator() { single(.operator) }

    @inline(__always)
    @_lifetime(self: copy self)
    private mutating func comparison(_ first: UInt8) {
        let start = tokenizer.offset
        tokenizer.previous = tokenizer.symbol(first)
        verbatim(start, tokenizer.offset)
    }

    /// A token of one byte, as it is.
    @inline(__always)
    @_lifetime(self: copy self)
    private mutating func single(_ kind: SQLTokenKind) {
        let start = tokenizer.offset
        tokenizer.previous = tokenizer.take(1, kind)
        beginPiece()
        lists.output.symbol(tokenizer.text[start], .other, blank: takeBlank())
        before = .nothing
    }

    @inline(__always)
    @_lifetime(self: copy self)
    private mutating func comma() {
        beginPunctuation()
        groups.comma(&lists)
        isBlankBefore = false
        before = .nothing
        tokenizer.previous = tokenizer.take(1, .comma)
        if lists.isPastEllipsis { skipValues() }
    }

    @inline(__always)
    @_lifetime(self: copy self)
    private mutating func open() {
        beginPunctuation()
        groups.open(&lists, blank: takeBlank())
        before = .nothing
        tokenizer.previous = tokenizer.take(1, .openParenthesis)
    }

    @inline(__always)
    @_lifetime(self: copy self)
    private mutating func close() {
        beginPunctuation()
        groups.close(&lists)
        isBlankBefore = false
        before = .operand
        tokenizer.previous = tokenizer.take(1, .closeParenthesis)
        if groups.isPastEllipsis { skipRows() }
    }

    @inline(__always)
    @_lifetime(self: copy self)
    private mutating func beginPunctuation() {
        if isSemicolonHeld { flushSemicolon() }
        if sign >= 0 { flushSign() }
    }

    @inline(__always)
    @_lifetime(self: copy self)
    mutating func value() {
        if isSemicolonHeld { flushSemicolon() }
        var blank = takeBlank()
        if sign >= 0 {
            blank = isSignBlank
            sign = -1
        }
        groups.mark(&lists, blank: blank)
        before = .operand
    }

    /// The blank before this token, which is now spent.
    @inline(__always)
    @_lifetime(self: copy self)
    mutating func takeBlank() -> Bool {
        defer { isBlankBefore = false }
        return isBlankBefore
    }

    /// Bytes as they are; the caller says what they mean for a sign behind them.
    @inline(__always)
    @_lifetime(self: copy self)
    mutating func verbatim(_ start: Int, _ end: Int, _ piece: DigestWriter.Piece = .other) {
        beginPiece()
        lists.output.text(tokenizer.text, start, end, piece, blank: takeBlank())
        before = .nothing
    }

    /// Writes all that is held back.
    @inline(__always)
    @_lifetime(self: copy self)
    mutating func beginPiece() {
        if isSemicolonHeld { flushSemicolon() }
        if sign >= 0 { flushSign() }
        groups.release(&lists)
        lists.endRun()
    }
}
