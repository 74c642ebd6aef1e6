import SQLText

/// A statement that does nothing but take or release one named lock, once and for certain.
///
/// `SELECT | DO GET_LOCK('name', number) [[AS] word]`, `SELECT | DO RELEASE_LOCK('name') [[AS] word]`. Names are of plain
/// ASCII, so that they are the same lock whatever the character set, and told apart by case, which servers don't.
enum NamedLockForm: Equatable {
    case takes(String)
    case releases(String)

    /// nil for any other text, of whose locks nobody can keep count.
    init?(_ text: Span<UInt8>) {
        var words = Self.words(text)[...]
        guard let verb = words.popFirst()?.uppercased(), verb == "SELECT" || verb == "DO" else { return nil }
        let function = words.popFirst()?.uppercased()
        guard words.popFirst() == "(", let name = words.popFirst().flatMap(Self.name) else { return nil }
        switch function {
        case "GET_LOCK":
            guard words.popFirst() == "," else { return nil }
            if words.first == "-" { words.removeFirst() }
            guard words.popFirst().map(Self.isNumber) == true else { return nil }
            self = .takes(name)
        case "RELEASE_LOCK": self = .releases(name)
        // Open set: all other functions.
        default: return nil
        }
        guard words.popFirst() == ")" else { return nil }
        if words.last == ";" { words.removeLast() }
        if words.first?.uppercased() == "AS" { words.removeFirst() }
        guard words.isEmpty || (words.count == 1 && words.first.map(Self.isWord) == true) else { return nil }
    }

    private static func name(_ word: String) -> String? {
        let content = word.utf8.dropFirst().dropLast()
        guard word.utf8.count >= 2, word.utf8.first == UInt8(ascii: "'"), word.utf8.last == UInt8(ascii: "'"),
            content.allSatisfy({ $0 >= 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") && $0 != UInt8(ascii: "'") })
        else { return nil }
        return String(decoding: Array(content), as: UTF8.self)
    }

    private static func isNumber(_ word: String) -> Bool { word.utf8.allSatisfy { $0 >= 0x30 && $0 <= 0x39 } }

    private static func isWord(_ word: String) -> Bool {
        switch word.uppercased() {
        // With these it would be a query of another sense.
        case "LIMIT", "FROM", "WHERE", "HAVING", "UNION", "INTO", "PROCEDURE", "FETCH", "OFFSET": false
        default: word.utf8.allSatisfy { $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "`") || isDigitOrLetter($0) }
        }
    }

    private static func isDigitOrLetter(_ byte: UInt8) -> Bool {
        (byte >= 0x30 && byte <= 0x39) || (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A)
    }

    /// The tokens, as far as such a statement has some; comments, which may be executed, are none of it.
    private static func words(_ text: Span<UInt8>) -> [String] {
        var tokens = SQLTokenizer(text)
        var words: [String] = []
        while let token = tokens.next(), words.count < 12 {
            guard token.kind != .whitespace else { continue }
            words.append(String(decoding: token.range.map { text[$0] }, as: UTF8.self))
        }
        return words
    }
}
