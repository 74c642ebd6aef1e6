/// Follows the blocks of a stored routine's body, so that the semicolons inside end no statement.
struct BlockTracker {
    /// Whether the statement may have a body at all.
    var isBody = false
    private var depth = 0
    private var previous: SQLWord = ""
    private var previousKind = SQLTokenKind.whitespace

    /// Whether a semicolon here stands inside a block.
    var isOpen: Bool { depth > 0 }

    /// Takes a token that isn't blank.
    mutating func take(_ token: SQLToken, of text: Span<UInt8>) {
        switch token.kind {
        case .lineComment, .blockComment, .executableCommentOpen, .executableCommentClose: return
        case .identifier: word(SQLWord(text, token.range))
        default: previous = ""
        }
        // A label ends with a colon, which the tokenizer knows as no operator of its own: `a:`.
        previousKind = token.kind
        if token.kind == .operator, token.end - token.start == 1, text[token.start] == UInt8(ascii: ":") {
            previousKind = .semicolon
        }
    }

    private mutating func word(_ word: SQLWord) {
        defer { previous = word }
        switch word {
        case "BEGIN" where previousKind != .dot: depth += 1
        // A CASE in an expression ends with END as the statement does.
        case "CASE" where previous != "END" && previousKind != .dot: depth += 1
        case "IF", "LOOP", "REPEAT", "WHILE", "FOR":
            if previous != "END", startsStatement { depth += 1 }
        case "END" where previousKind != .dot: depth = max(depth - 1, 0)
        default: break
        }
    }

    /// Whether a statement of the body may start behind the previous token.
    private var startsStatement: Bool {
        switch previousKind {
        case .semicolon, .closeParenthesis: return true
        case .identifier: break
        default: return false
        }
        switch previous {
        case "BEGIN", "THEN", "ELSE", "DO", "LOOP", "REPEAT", "ROW", "DETERMINISTIC", "SQL", "DATA", "INVOKER",
            "DEFINER", "ATOMIC":
            return true
        default: return false
        }
    }
}
