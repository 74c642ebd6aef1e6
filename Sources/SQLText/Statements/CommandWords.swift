/// The words of a statement, from the first one on, for telling its command.
struct CommandWords: ~Escapable {
    private var tokenizer: SQLTokenizer
    private var depth = 0

    @_lifetime(copy text)
    init(_ text: Span<UInt8>, _ mode: SQLLexicalMode) { tokenizer = SQLTokenizer(text, mode: mode) }

    /// The next word at any depth of parentheses; the empty word at the statement's end.
    @_lifetime(self: copy self)
    mutating func next() -> SQLWord {
        while let token = tokenizer.next() {
            switch token.kind {
            case .identifier: return SQLWord(tokenizer.text, token.range)
            case .openParenthesis: depth += 1
            case .closeParenthesis: depth -= 1
            case .semicolon: return ""
            default: continue
            }
        }
        return ""
    }

    @_lifetime(self: copy self)
    mutating func second() -> SQLWord {
        _ = next()
        return next()
    }

    /// Whether `FOR UPDATE` stands anywhere.
    @_lifetime(self: copy self)
    mutating func locksForUpdate() -> Bool {
        var previous = next()
        while previous != "" {
            let word = next()
            if previous == "FOR", word == "UPDATE" { return true }
            previous = word
        }
        return false
    }

    /// The statement that common table expressions are for.
    @_lifetime(self: copy self)
    mutating func verbBehindWith() -> StatementCommand? {
        while true {
            let word = next()
            guard depth <= 0 || word == "" else { continue }
            switch word {
            case "SELECT": return locksForUpdate() ? .selectForUpdate : .select
            case "UPDATE": return .update
            case "DELETE": return .delete
            case "INSERT": return .insert
            case "REPLACE": return .replace
            case "": return nil
            default: continue
            }
        }
    }

    @_lifetime(self: copy self)
    mutating func showsTableStatus() -> Bool { second() == "TABLE" && next() == "STATUS" }

    /// Whether MariaDB's ANALYZE is one of a statement, which it explains.
    @_lifetime(self: copy self)
    mutating func isNextStatement() -> Bool {
        switch next() {
        case "SELECT", "UPDATE", "DELETE", "INSERT", "REPLACE", "FORMAT", "WITH": true
        default: false
        }
    }

    /// What CREATE, ALTER or DROP is about: the first word that `command` knows among those before the object's name.
    @_lifetime(self: copy self)
    mutating func object(of command: (SQLWord) -> StatementCommand?) -> StatementCommand? {
        _ = next()
        for _ in 0..<64 {
            let word = next()
            if let found = command(word) { return found }
            if Self.endsHead(word) { return nil }
        }
        return nil
    }

    /// Objects without a name of their own in the table.
    private static func endsHead(_ word: SQLWord) -> Bool {
        switch word {
        case "", "PROCEDURE", "FUNCTION", "EVENT", "PACKAGE", "SERVER", "SEQUENCE", "ROLE", "TABLESPACE", "LOGFILE",
            "RESOURCE", "SPATIAL_REFERENCE":
            true
        default: false
        }
    }
}
