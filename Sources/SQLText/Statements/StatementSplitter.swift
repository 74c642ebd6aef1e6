/// Cuts a text of several statements at the semicolons outside strings, names and comments.
///
/// The body of a CREATE PROCEDURE, FUNCTION, TRIGGER or EVENT and of BEGIN NOT ATOMIC is one statement: its blocks are
/// followed by their words; where they never close, the rest of the text belongs to it, and a server would say so.
public struct StatementSplitter: ~Escapable {
    private let mode: SQLLexicalMode
    private var tokenizer: SQLTokenizer

    /// A splitter at the front of `text`.
    @_lifetime(copy text)
    public init(_ text: Span<UInt8>, mode: SQLLexicalMode = []) {
        self.mode = mode
        tokenizer = SQLTokenizer(text, mode: mode)
    }

    /// One statement of a text.
    public struct Statement: Equatable, Sendable {
        /// Where it is, without blanks around it and without its semicolon; never empty.
        public let range: Range<Int>
        /// What it is.
        public let kind: StatementKind
    }

    /// The next statement; nil at the end. What holds blanks and comments only is no statement.
    @_lifetime(self: copy self)
    public mutating func next() -> Statement? {
        while tokenizer.offset < tokenizer.text.count {
            guard let range = nextRange() else { continue }
            let kind = StatementKind(of: tokenizer.text.extracting(range), mode: mode)
            return Statement(range: range, kind: kind)
        }
        return nil
    }

    /// Reads up to a semicolon that ends a statement, or the text's end.
    @_lifetime(self: copy self)
    private mutating func nextRange() -> Range<Int>? {
        let front = tokenizer.offset
        var start: Int?
        var end = front
        var hasWords = false
        var blocks = BlockTracker()
        while let token = tokenizer.next() {
            if token.kind == .whitespace { continue }
            if !hasWords, isWord(token.kind) {
                hasWords = true
                blocks.isBody = Self.hasBody(tokenizer.text.extracting(token.start..<tokenizer.text.count), mode)
            }
            if token.kind == .semicolon, !blocks.isOpen { break }
            if blocks.isBody { blocks.take(token, of: tokenizer.text) }
            start = start ?? token.start
            end = token.end
        }
        guard hasWords, let start else { return nil }
        return start..<end
    }

    private func isWord(_ kind: SQLTokenKind) -> Bool {
        switch kind {
        case .whitespace, .lineComment, .blockComment, .executableCommentOpen, .executableCommentClose, .semicolon:
            false
        default: true
        }
    }

    private static func hasBody(_ statement: Span<UInt8>, _ mode: SQLLexicalMode) -> Bool {
        let kind = StatementKind(of: statement, mode: mode)
        return kind == .createRoutine || kind == .compound
    }
}
