/// The words that a statement starts with, and what they make of it.
struct LeadingWords: ~Escapable {
    private var tokenizer: SQLTokenizer
    private var hasStarted = false

    @_lifetime(copy text)
    init(_ text: Span<UInt8>, _ mode: SQLLexicalMode) { tokenizer = SQLTokenizer(text, mode: mode) }

    /// The next word; the empty word where something else comes or the statement ends.
    @_lifetime(self: copy self)
    private mutating func next() -> SQLWord {
        while let token = tokenizer.next() {
            switch token.kind {
            case .identifier: return SQLWord(tokenizer.text, token.range)
            case .openParenthesis where !hasStarted: continue
            case .whitespace, .lineComment, .blockComment, .executableCommentOpen, .executableCommentClose: continue
            default: return hasStarted || token.kind == .semicolon ? "" : "?"
            }
        }
        return ""
    }

    @_lifetime(self: copy self)
    mutating func kind() -> StatementKind {
        let first = next()
        hasStarted = true
        return frequent(first) ?? changing(first) ?? defining(first) ?? administering(first) ?? .unknown
    }

    @_lifetime(self: copy self)
    private mutating func frequent(_ first: SQLWord) -> StatementKind? {
        switch first {
        case "SELECT": .select
        case "INSERT": .insert
        case "UPDATE": .update
        case "DELETE": .delete
        case "SET": set()
        case "COMMIT": .commit
        case "BEGIN": next() == "NOT" && next() == "ATOMIC" ? .compound : .begin
        case "ROLLBACK": rollback()
        case "START": start()
        case "SHOW": .show
        case "REPLACE": .replace
        case "USE": .use
        case "WITH": .with
        case "CALL": .call
        case "": .empty
        default: nil
        }
    }

    @_lifetime(self: copy self)
    private mutating func changing(_ first: SQLWord) -> StatementKind? {
        switch first {
        case "EXECUTE": next() == "IMMEDIATE" ? .executeImmediate : .execute
        case "PREPARE": .prepare
        case "DEALLOCATE": .deallocate
        case "SAVEPOINT": .savepoint
        case "RELEASE": next() == "SAVEPOINT" ? .releaseSavepoint : nil
        case "XA": .xa
        case "DO": .do
        case "VALUES": .values
        case "TABLE": .table
        case "HANDLER": .handler
        case "LOAD": load()
        case "EXPLAIN", "DESCRIBE", "DESC": .explain
        case "GET": .getDiagnostics
        case "SIGNAL": .signal
        case "RESIGNAL": .resignal
        case "HELP": .help
        default: nil
        }
    }

    @_lifetime(self: copy self)
    private mutating func defining(_ first: SQLWord) -> StatementKind? {
        switch first {
        case "CREATE": create()
        case "ALTER": alter()
        case "DROP": drop()
        case "RENAME": .rename
        case "TRUNCATE": .truncate
        case "LOCK": isInstance() ? .backup : .lockTables
        case "UNLOCK": isInstance() ? .backup : .unlockTables
        case "GRANT": .grant
        case "REVOKE": .revoke
        default: nil
        }
    }

    @_lifetime(self: copy self)
    private mutating func administering(_ first: SQLWord) -> StatementKind? {
        switch first {
        case "FLUSH": flush()
        case "KILL": .kill
        case "RESET": .reset
        case "ANALYZE", "CHECK", "CHECKSUM", "OPTIMIZE", "REPAIR", "CACHE": .maintenance
        case "BACKUP": .backup
        case "CHANGE", "STOP", "PURGE", "BINLOG": .replication
        case "INSTALL", "UNINSTALL", "SHUTDOWN", "RESTART", "CLONE", "IMPORT": .administration
        default: nil
        }
    }
}

// The words behind the first.
extension LeadingWords {
    @_lifetime(self: copy self)
    private mutating func isInstance() -> Bool { next() == "INSTANCE" }

    @_lifetime(self: copy self)
    private mutating func set() -> StatementKind {
        var word = next()
        let isScoped = word == "GLOBAL" || word == "SESSION" || word == "LOCAL"
        if isScoped { word = next() }
        switch word {
        case "TRANSACTION": return .setTransaction
        case "NAMES" where !isScoped: return startsAssignment() ? .set : .setNames
        case "CHARACTER" where !isScoped: return .setCharacterSet
        case "CHARSET" where !isScoped: return .setCharacterSet
        case "ROLE" where !isScoped: return startsAssignment() ? .set : .setRole
        case "PASSWORD" where !isScoped: return .setAccount
        case "DEFAULT" where !isScoped: return .setAccount
        case "STATEMENT" where !isScoped: return .setStatement
        default: return .set
        }
    }

    /// Whether `=` or `:=` comes next, so that the word before was a variable's name.
    @_lifetime(self: copy self)
    private mutating func startsAssignment() -> Bool {
        while let token = tokenizer.next() {
            guard token.kind == .whitespace || token.kind == .blockComment else {
                return token.kind == .operator
            }
        }
        return false
    }

    @_lifetime(self: copy self)
    private mutating func rollback() -> StatementKind {
        var word = next()
        if word == "WORK" { word = next() }
        return word == "TO" ? .rollbackToSavepoint : .rollback
    }

    @_lifetime(self: copy self)
    private mutating func start() -> StatementKind { next() == "TRANSACTION" ? .startTransaction : .replication }

    @_lifetime(self: copy self)
    private mutating func load() -> StatementKind {
        switch next() {
        case "DATA", "XML": .loadData
        case "INDEX": .maintenance
        default: .unknown
        }
    }

    @_lifetime(self: copy self)
    private mutating func flush() -> StatementKind {
        var word = next()
        if word == "NO_WRITE_TO_BINLOG" || word == "LOCAL" { word = next() }
        return word == "TABLES" || word == "TABLE" ? .flushTables : .flush
    }

    @_lifetime(self: copy self)
    private mutating func drop() -> StatementKind {
        switch next() {
        case "TEMPORARY": .dropTemporaryTable
        case "TABLE", "TABLES": .dropTable
        case "PREPARE": .deallocate
        default: .drop
        }
    }

    @_lifetime(self: copy self)
    private mutating func alter() -> StatementKind {
        while let word = nextHead() {
            switch word {
            case "TABLE": return .alterTable
            case "EVENT": return .createRoutine
            case "PROCEDURE", "FUNCTION", "VIEW", "DATABASE", "SCHEMA", "USER", "SERVER", "SEQUENCE": return .alter
            default: continue
            }
        }
        return .alter
    }

    @_lifetime(self: copy self)
    private mutating func create() -> StatementKind {
        while let word = nextHead() {
            switch word {
            case "TEMPORARY": return next() == "SEQUENCE" ? .create : .createTemporaryTable
            case "TABLE": return .createTable
            case "PROCEDURE", "TRIGGER", "EVENT", "PACKAGE": return .createRoutine
            case "FUNCTION": return isLoadable() ? .create : .createRoutine
            case "VIEW", "INDEX", "UNIQUE", "DATABASE", "SCHEMA", "USER", "ROLE", "SERVER", "SEQUENCE", "ALGORITHM":
                return .create
            default: continue
            }
        }
        return .create
    }

    /// The next word of a definition's head, past a definer's name and host; nil where the statement ends.
    @_lifetime(self: copy self)
    private mutating func nextHead() -> SQLWord? {
        for _ in 0..<64 {
            guard let token = tokenizer.next(), token.kind != .semicolon else { return nil }
            if token.kind == .identifier { return SQLWord(tokenizer.text, token.range) }
        }
        return nil
    }

    /// `CREATE FUNCTION name RETURNS type SONAME 'file'` has no body: no parenthesis behind the name.
    @_lifetime(self: copy self)
    private mutating func isLoadable() -> Bool {
        for _ in 0..<32 {
            guard let token = tokenizer.next(), token.kind != .semicolon else { return true }
            if token.kind == .openParenthesis { return false }
            if token.kind == .identifier, SQLWord(tokenizer.text, token.range) == "RETURNS" { return true }
        }
        return false
    }
}
