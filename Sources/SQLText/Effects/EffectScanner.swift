/// Reads one statement, token by token, and notes its effects.
///
/// The current token is the next one that isn't read yet; behind the end it is a semicolon.
struct EffectScanner: ~Escapable {
    private var tokenizer: SQLTokenizer
    /// The effects so far.
    var found = StatementEffects()
    private(set) var kind = SQLTokenKind.semicolon
    private(set) var start = 0
    private(set) var end = 0
    private(set) var isAtEnd = false
    /// What stands before the current token, and where it ended.
    private(set) var previousKind = SQLTokenKind.semicolon
    private(set) var previousEnd = 0
    /// The parentheses open behind the current token.
    private(set) var depth = 0
    /// The tokens read, the current one included.
    private(set) var tokenCount = 0
    /// What happens to user variables inside parentheses.
    var useInParentheses = VariableUse.read
    /// Whether the statement only reads, unless one of its facts says otherwise.
    var isQuery = false
    /// Whether the current token follows a FROM outside parentheses.
    private var isBehindFrom = false
    /// Whether the statement evaluates its one expression for sure.
    var evaluatesExpression = false

    var text: Span<UInt8> {
        @_lifetime(copy self)
        get { tokenizer.text }
    }
    var mode: SQLLexicalMode { tokenizer.mode }

    @_lifetime(copy text)
    private init(_ text: Span<UInt8>, from start: Int, _ mode: SQLLexicalMode) {
        tokenizer = SQLTokenizer(text, mode: mode, from: start)
        advance()
    }

    /// The effects of the statement at `range` of `text`; places count from the front of `text`.
    static func effects(
        of text: Span<UInt8>, _ range: Range<Int>, _ mode: SQLLexicalMode, nesting: Int = 0
    ) -> StatementEffects {
        var scanner = Self(text.extracting(0..<range.upperBound), from: range.lowerBound, mode)
        scanner.statement(nesting: nesting)
        scanner.finish()
        return scanner.found
    }

    @_lifetime(self: copy self)
    private mutating func finish() {
        scanRest()
        if depth != 0 || tokenizer.isInExecutableComment { doubt() }
        found.isReadOnly = isQuery && found.isUnderstood && found.facts.isDisjoint(with: .writing)
    }

    /// Notes that the statement may do anything.
    @_lifetime(self: copy self)
    mutating func doubt() { found.isUnderstood = false }

    @_lifetime(self: copy self)
    mutating func note(_ facts: StatementFacts) { found.facts.formUnion(facts) }

    @_lifetime(self: copy self)
    mutating func note(_ facts: StatementFacts, _ detail: StatementDetail) {
        found.facts.formUnion(facts)
        // A list of many equal variables, as in a long INSERT, is told in short.
        if !found.details.suffix(4).contains(detail) { found.details.append(detail) }
    }

    /// Goes on to the next token that isn't blank.
    @_lifetime(self: copy self)
    mutating func advance() {
        previousKind = kind
        previousEnd = end
        var isInside = tokenizer.isInExecutableComment
        tokenizer.skipSpace()
        while let token = tokenizer.nextInlined() {
            switch token.kind {
            case .whitespace, .lineComment: continue
            case .executableCommentClose: isInside = false
            case .executableCommentOpen:
                opened(token, isInside: isInside)
                isInside = true
            case .blockComment: if !token.isClosed { doubt() }
            default: return take(token)
            }
        }
        kind = .semicolon
        start = text.count
        end = text.count
        isAtEnd = true
    }

    @inline(__always)
    @_lifetime(self: copy self)
    private mutating func take(_ token: SQLToken) {
        kind = token.kind
        start = token.start
        end = token.end
        tokenCount &+= 1
        if isBehindFrom { beginsTables() }
        switch kind {
        case .identifier: look()
        case .openParenthesis: depth &+= 1
        case .closeParenthesis:
            depth &-= 1
            if depth < 0 { doubt() }
        case .unknown: doubt()
        default: if !token.isClosed { doubt() }
        }
    }

    @inline(__always)
    @_lifetime(self: copy self)
    private mutating func beginsTables() {
        isBehindFrom = false
        if word != "DUAL" { found.namesTable = true }
    }

    /// Notes the words that queries are asked for elsewhere: here none is missed, whoever reads them.
    @inline(__always)
    @_lifetime(self: copy self)
    private mutating func look() {
        switch text[start] | 0x20 {
        case UInt8(ascii: "f"):
            if end &- start == 5 { found.mayLimitRows = true }
            if end &- start == 4, depth == 0, word == "FROM" { isBehindFrom = true }
        case UInt8(ascii: "i"): if end &- start == 4 { found.mayLimitRows = true }
        case UInt8(ascii: "l"): if end &- start == 5 { found.mayLimitRows = true }
        case UInt8(ascii: "o"): if end &- start == 6 { found.mayLimitRows = true }
        case UInt8(ascii: "s"): if end &- start == 19 { found.mayLimitRows = true }
        default: break
        }
    }

    /// Up to this version every server still in use executes the comment; above, MariaDB and MySQL differ.
    private static let undisputedVersion = 50_699

    @_lifetime(self: copy self)
    private mutating func opened(_ comment: SQLToken, isInside: Bool) {
        // Servers differ on where one inside another ends.
        if isInside || (comment.executableVersion(in: text) ?? 0) > Self.undisputedVersion { doubt() }
    }
}

// What stands at the current token.
extension EffectScanner {
    /// The current token's keyword; the empty word for anything else than a name without quotes.
    var word: SQLWord { kind == .identifier ? SQLWord(text, start..<end) : "" }

    /// Whether a name, in quotes or without.
    var isName: Bool { kind == .identifier || kind == .quotedIdentifier }

    /// Whether `=` or `:=`.
    var isAssignment: Bool {
        guard kind == .operator else { return false }
        return text[end - 1] == UInt8(ascii: "=") && (end - start == 1 || isColonAssignment)
    }

    /// Whether `:=`.
    var isColonAssignment: Bool {
        kind == .operator && end - start == 2 && text[start] == UInt8(ascii: ":") && text[end - 1] == UInt8(ascii: "=")
    }

    /// Goes past the current token if it is `keyword`.
    @_lifetime(self: copy self)
    mutating func skip(_ keyword: SQLWord) -> Bool {
        guard word == keyword else { return false }
        advance()
        return true
    }

    /// Goes past `IF EXISTS` or `IF NOT EXISTS`.
    @_lifetime(self: copy self)
    mutating func skipExistence() {
        guard skip("IF") else { return }
        _ = skip("NOT")
        if !skip("EXISTS") { doubt() }
    }

    /// The name at the current token, which is passed; nil, and a doubt, where none stands.
    @_lifetime(self: copy self)
    mutating func takeName(foldingCase: Bool = true) -> SQLName? {
        guard isName else {
            doubt()
            return nil
        }
        defer { advance() }
        return SQLName(text, start..<end, foldingCase: foldingCase)
    }

    /// The table's name at the current token, which is passed; nil, and a doubt, where none stands.
    @_lifetime(self: copy self)
    mutating func takeTable() -> SQLTableName? {
        guard let first = takeName(foldingCase: false) else { return nil }
        guard kind == .dot else { return SQLTableName(first) }
        advance()
        return takeName(foldingCase: false).map { SQLTableName(schema: first, $0) }
    }

    /// Goes past the table's name at the current token; a doubt where none stands.
    @_lifetime(self: copy self)
    mutating func skipTable() {
        if isName { advance() } else { doubt() }
        guard kind == .dot else { return }
        advance()
        if isName { advance() } else { doubt() }
    }

    /// Goes to the end, with an eye on nothing but the tokens' soundness: account names look like user variables.
    @_lifetime(self: copy self)
    mutating func skipRest() { while !isAtEnd { advance() } }

    /// Reads expressions and clauses up to the end.
    @_lifetime(self: copy self)
    mutating func scanRest() { while !isAtEnd { step() } }

    /// Reads an expression up to a comma outside parentheses opened since, or the end.
    ///
    /// - Returns: where it stands.
    @_lifetime(self: copy self)
    mutating func scanExpression() -> Range<Int> {
        let first = start
        let outside = depth - (kind == .openParenthesis ? 1 : 0)
        while !isAtEnd, kind != .comma || depth > outside { step() }
        return first..<max(previousEnd, first)
    }
}
