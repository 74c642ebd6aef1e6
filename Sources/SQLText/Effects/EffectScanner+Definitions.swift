/// CREATE, ALTER, DROP and RENAME, as far as temporary tables may be meant.
extension EffectScanner {
    @_lifetime(self: copy self)
    mutating func definition(_ statement: StatementKind) {
        advance()
        switch statement {
        case .createTable, .createTemporaryTable, .create: create()
        case .alterTable: alterTable()
        case .dropTable, .dropTemporaryTable, .drop: drop()
        default: rename()
        }
    }

    @_lifetime(self: copy self)
    private mutating func create() {
        if skip("OR"), !skip("REPLACE") { doubt() }
        let isTemporary = skip("TEMPORARY")
        if !isTemporary { note(.commitsImplicitly) }
        guard word == "TABLE" || word == "SEQUENCE" else { return createOther(isTemporary: isTemporary) }
        advance()
        skipExistence()
        guard let name = takeTable() else { return }
        if isTemporary { note(.createsTemporaryTable, .createsTemporaryTable(name)) }
        skipColumns()
        scanRest()
    }

    /// What has no rows to fill it is a definition: nothing of it is executed now.
    @_lifetime(self: copy self)
    private mutating func createOther(isTemporary: Bool) {
        if isTemporary { doubt() }
        skipRest()
    }

    /// The definitions of columns and keys, but no query in parentheses.
    @_lifetime(self: copy self)
    private mutating func skipColumns() {
        guard kind == .openParenthesis else { return }
        let inside = depth
        advance()
        switch word {
        case "SELECT", "WITH", "VALUES", "TABLE": return
        default: if kind == .openParenthesis { return }
        }
        while !isAtEnd, depth >= inside { advance() }
    }

    @_lifetime(self: copy self)
    private mutating func alterTable() {
        note(.commitsImplicitly)
        while word == "ONLINE" || word == "IGNORE" { advance() }
        if !skip("TABLE") { doubt() }
        skipExistence()
        guard let name = takeTable() else { return }
        while !isAtEnd {
            if depth == 0, skip("RENAME") { alterName(of: name) } else { advance() }
        }
    }

    @_lifetime(self: copy self)
    private mutating func alterName(of name: SQLTableName) {
        switch word {
        case "COLUMN", "INDEX", "KEY", "CONSTRAINT": return
        case "TO", "AS": advance()
        default: if kind == .operator { advance() }
        }
        if let new = takeTable() { note(.renamesTable, .renamesTable(name, to: new)) }
    }

    @_lifetime(self: copy self)
    private mutating func drop() {
        let isTemporary = skip("TEMPORARY")
        if !isTemporary { note(.commitsImplicitly) }
        switch word {
        case "TABLE", "TABLES", "SEQUENCE":
            advance()
            skipExistence()
            dropTables(onlyTemporary: isTemporary)
        case "DATABASE", "SCHEMA": note(.dropsSchema)
        default: if isTemporary { doubt() }
        }
        skipRest()
    }

    @_lifetime(self: copy self)
    private mutating func dropTables(onlyTemporary: Bool) {
        while let name = takeTable() {
            note(.dropsTable, .dropsTable(name, onlyTemporary: onlyTemporary))
            guard kind == .comma else { return }
            advance()
        }
    }

    @_lifetime(self: copy self)
    private mutating func rename() {
        note(.commitsImplicitly)
        guard skip("TABLE") || skip("TABLES") else { return skipRest() }
        skipExistence()
        while let name = takeTable() {
            while !isAtEnd, kind != .comma, word != "TO" { advance() }
            guard skip("TO"), let new = takeTable() else { return doubt() }
            note(.renamesTable, .renamesTable(name, to: new))
            guard kind == .comma else { return }
            advance()
        }
    }
}
