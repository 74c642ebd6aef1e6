/// Transactions and locks.
extension EffectScanner {
    @_lifetime(self: copy self)
    mutating func transaction(_ statement: StatementKind) {
        advance()
        switch statement {
        case .begin: note([.startsTransaction, .commitsImplicitly])
        case .startTransaction: startTransaction()
        case .commit, .rollback: endTransaction()
        case .xa: xa()
        default: note(.usesSavepoint)
        }
        skipRest()
    }

    @_lifetime(self: copy self)
    private mutating func startTransaction() {
        note([.startsTransaction, .commitsImplicitly])
        while !isAtEnd {
            if skip("READ") { if word == "ONLY" { note(.startsReadOnlyTransaction) } }
            if skip("CONSISTENT") { note(.takesSnapshot) }
            advance()
        }
    }

    /// `[WORK] [AND [NO] CHAIN] [[NO] RELEASE]`.
    @_lifetime(self: copy self)
    private mutating func endTransaction() {
        note(.endsTransaction)
        _ = skip("WORK")
        if skip("AND") {
            let isDenied = skip("NO")
            if skip("CHAIN"), !isDenied { note(.startsTransaction) }
        }
        let isDenied = skip("NO")
        if skip("RELEASE"), !isDenied { note(.closesConnection) }
        if !isAtEnd { doubt() }
    }

    @_lifetime(self: copy self)
    private mutating func xa() {
        switch word {
        case "START", "BEGIN": note([.usesXA, .startsTransaction])
        case "COMMIT", "ROLLBACK": note([.usesXA, .endsTransaction])
        case "END", "PREPARE": note(.usesXA)
        case "RECOVER": break
        default: doubt()
        }
    }

    @_lifetime(self: copy self)
    mutating func lock(_ statement: StatementKind) {
        switch statement {
        case .lockTables: note([.locksTables, .commitsImplicitly])
        case .unlockTables: note([.unlocksTables, .commitsImplicitly])
        case .flushTables: flushTables()
        default: backup()
        }
        skipRest()
    }

    @_lifetime(self: copy self)
    private mutating func flushTables() {
        note(.commitsImplicitly)
        while !isAtEnd, word != "TABLES", word != "TABLE" { advance() }
        advance()
        let isGlobal = word == "WITH"
        while !isAtEnd {
            let isClause = kind == .identifier && previousKind != .dot
            if isClause, skip("WITH") {
                if word == "READ" { note(isGlobal ? .takesGlobalReadLock : .locksTables) }
            } else if isClause, skip("FOR") {
                if word == "EXPORT" { note(.locksTables) }
            } else {
                advance()
            }
        }
    }

    /// `LOCK INSTANCE`, `UNLOCK INSTANCE`, `BACKUP STAGE …`, `BACKUP LOCK`, `BACKUP UNLOCK`.
    @_lifetime(self: copy self)
    private mutating func backup() {
        if skip("LOCK") { return note(.locksBackup) }
        if skip("UNLOCK") { return note(.unlocksBackup) }
        advance()
        if skip("STAGE") { return note(word == "END" ? .unlocksBackup : .locksBackup) }
        if word == "LOCK" { return note(.locksBackup) }
        if word == "UNLOCK" { note(.unlocksBackup) } else { doubt() }
    }
}
