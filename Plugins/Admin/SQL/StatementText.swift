import SQLText

/// One statement of a client's text, cut into tokens; blanks and comments are none.
///
/// Strings are SQLite's: a backslash in them is a backslash, which regular expressions need.
struct StatementText {
    /// One token.
    struct Piece {
        let kind: SQLTokenKind
        let range: Range<Int>
        /// What stands there, quotes taken off.
        let text: String

        /// Whether it can name a table or column; SQLite takes names in double quotes, too.
        var isName: Bool { kind == .identifier || kind == .quotedIdentifier || kind == .string }
    }

    /// The whole text that the client has sent.
    let bytes: [UInt8]
    /// Where the statement is.
    let range: Range<Int>
    let pieces: [Piece]

    /// The statements of a text; those of blanks and comments only are left out.
    static func split(_ bytes: [UInt8]) -> [StatementText] {
        var statements: [StatementText] = []
        var pieces: [Piece] = []
        var tokenizer = SQLTokenizer(bytes.span, mode: .noBackslashEscapes)
        func end() {
            guard let first = pieces.first, let last = pieces.last else { return }
            let range = first.range.lowerBound..<last.range.upperBound
            statements.append(StatementText(bytes: bytes, range: range, pieces: pieces))
            pieces = []
        }
        // What `/*! … */` holds is for servers of certain versions, not for this one.
        var isInside = false
        while let token = tokenizer.next() {
            switch token.kind {
            case .whitespace, .lineComment, .blockComment: continue
            case .executableCommentOpen: isInside = true
            case .executableCommentClose: isInside = false
            case .semicolon where !isInside: end()
            case _ where isInside: continue
            case _: pieces.append(Piece(token, of: bytes))
            }
        }
        end()
        return statements
    }

    /// The word at that place in capitals; empty where none is.
    func word(_ index: Int) -> String {
        guard index < pieces.count, pieces[index].kind == .identifier else { return "" }
        return pieces[index].text.uppercased()
    }

    /// The words from the front on, in capitals.
    var words: [String] { pieces.prefix { $0.kind == .identifier }.map { $0.text.uppercased() } }

    /// The name that the tokens are: what stands inside of quotes, or what the client wrote.
    func name(_ place: Range<Int>) -> String {
        if place.count == 1 { return pieces[place.lowerBound].text }
        let range = pieces[place.lowerBound].range.lowerBound..<pieces[place.upperBound - 1].range.upperBound
        return String(decoding: bytes[range], as: UTF8.self)
    }

    /// What the client wrote from that token on.
    func source(from index: Int) -> String {
        guard index < pieces.count else { return "" }
        return String(decoding: bytes[pieces[index].range.lowerBound..<range.upperBound], as: UTF8.self)
    }

    /// What the client wrote.
    var source: String { source(from: 0) }
}

extension StatementText.Piece {
    fileprivate init(_ token: SQLToken, of bytes: [UInt8]) {
        kind = token.kind
        range = token.range
        let content = bytes[token.range]
        guard token.isClosed, let quote = content.first, token.range.count >= 2,
            [.string, .quotedIdentifier].contains(token.kind)
        else {
            text = String(decoding: content, as: UTF8.self)
            return
        }
        var inner: [UInt8] = []
        var isDoubled = false
        for byte in content.dropFirst().dropLast() {
            isDoubled = byte == quote && !isDoubled
            if !isDoubled { inner.append(byte) }
        }
        text = String(decoding: inner, as: UTF8.self)
    }

    /// Whether it is the operator or mark.
    func isSymbol(_ symbol: String) -> Bool {
        text == symbol && kind != .string && kind != .quotedIdentifier && kind != .identifier
    }
}
