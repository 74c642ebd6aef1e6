import SQLText

/// A statement's tokens as one readable line each, blanks left out.
func tokens(_ statement: String, _ mode: SQLLexicalMode = []) -> [String] {
    allTokens(Array(statement.utf8), mode).filter { $0.kind != .whitespace }.map { token in
        let bytes = Array(statement.utf8)[token.range]
        return "\(token.kind) \(String(decoding: bytes, as: UTF8.self))" + (token.isClosed ? "" : " …")
    }
}

/// Every token, blanks and comments included.
func allTokens(_ bytes: [UInt8], _ mode: SQLLexicalMode = []) -> [SQLToken] {
    var tokenizer = SQLTokenizer(bytes.span, mode: mode)
    var found: [SQLToken] = []
    while let token = tokenizer.next() { found.append(token) }
    return found
}

/// What a script sees of a statement, one `TK_… text` a line.
func legacyTokens(_ statement: String) -> [String] {
    let bytes = Array(statement.utf8)
    var tokenizer = LegacyTokenizer(bytes.span)
    var found: [String] = []
    while let token = tokenizer.next() {
        found.append(token.name + " " + String(decoding: token.text(in: bytes.span), as: UTF8.self))
    }
    return found
}

/// Numbers that look random and are the same in every run.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

    mutating func next() -> UInt64 {
        state ^= state &<< 13
        state ^= state &>> 7
        state ^= state &<< 17
        return state
    }

    /// Bytes of which most mean something in SQL.
    mutating func nastyBytes(upTo count: Int) -> [UInt8] {
        let alphabet = Array("'\"`\\/*!M-#\n ;@.,()0x1be+N_az$?&|<=>:BEGIN END 50100\u{0}é".utf8)
        return (0..<Int.random(in: 0...count, using: &self)).map { _ in
            Int.random(in: 0..<8, using: &self) == 0
                ? UInt8.random(in: 0...255, using: &self) : alphabet.randomElement(using: &self) ?? 0
        }
    }
}
