/// Statements by their first words.
extension EffectScanner {
    /// How deep statements may stand in others: SET STATEMENT … FOR, ANALYZE, EXECUTE IMMEDIATE.
    static let maximumNesting = 4

    /// Reads the statement at the current token.
    @_lifetime(self: copy self)
    mutating func statement(nesting: Int) {
        guard nesting <= Self.maximumNesting else { return doubt() }
        let statement = StatementKind(of: text.extracting(start..<text.count), mode: mode)
        if nesting == 0 { found.kind = statement }
        switch statement {
        case .select, .with, .values, .table, .show, .explain, .help: query(statement, nesting)
        case .insert, .replace, .update, .delete, .loadData, .call, .do: changing(statement, nesting)
        case .set, .setTransaction, .setNames, .setCharacterSet, .setRole, .setAccount, .setStatement:
            set(statement, nesting: nesting)
        case .begin, .startTransaction, .commit, .rollback, .savepoint, .rollbackToSavepoint, .releaseSavepoint, .xa:
            transaction(statement)
        case .createTable, .createTemporaryTable, .alterTable, .dropTable, .dropTemporaryTable, .create, .drop, .rename:
            definition(statement)
        case .prepare, .execute, .executeImmediate, .deallocate, .handler: named(statement, nesting)
        case .lockTables, .unlockTables, .backup, .flushTables: lock(statement)
        case .use, .kill, .getDiagnostics, .signal, .resignal, .truncate: other(statement)
        case .createRoutine, .alter, .flush, .reset, .grant, .revoke, .replication, .administration, .maintenance:
            administration(statement, nesting)
        // A compound statement may do anything, and so may what isn't known.
        case .unknown, .compound: doubtful(statement)
        case .empty: if !isAtEnd { doubt() }
        }
    }

    @_lifetime(self: copy self)
    private mutating func doubtful(_ statement: StatementKind) {
        doubt()
        if statement == .compound { note(.runsRoutine) }
        scanRest()
    }

    @_lifetime(self: copy self)
    private mutating func changing(_ statement: StatementKind, _ nesting: Int) {
        switch statement {
        case .loadData: load()
        case .call: call()
        case .do:
            evaluatesExpression = nesting == 0
            scanRest()
        case .insert, .replace:
            insert()
            scanRest()
        default:
            note(.writesRows)
            scanRest()
        }
    }

    @_lifetime(self: copy self)
    private mutating func load() {
        note(.writesRows)
        advance()
        useInParentheses = .assigned
        while !isAtEnd, word != "INFILE" {
            if word == "LOCAL" { note(.loadsLocalFile) }
            advance()
        }
        if !found.facts.contains(.loadsLocalFile) { note(.loadsFile) }
        while !isAtEnd, depth > 0 || word != "SET" {
            if skip("CHARACTER") { _ = skip("SET") } else { step() }
        }
        useInParentheses = .read
        scanRest()
    }

    @_lifetime(self: copy self)
    private mutating func call() {
        note(.runsRoutine)
        advance()
        skipTable()
        if kind == .dot { advance() }
        if isName { advance() }
        useInParentheses = .both
        scanRest()
    }

    /// The head of INSERT and REPLACE up to the table, behind which a parenthesis opens a list of columns.
    @_lifetime(self: copy self)
    mutating func insert() {
        note(.writesRows)
        advance()
        while word == "LOW_PRIORITY" || word == "DELAYED" || word == "HIGH_PRIORITY" || word == "IGNORE" { advance() }
        _ = skip("INTO")
        skipTable()
    }

    @_lifetime(self: copy self)
    private mutating func other(_ statement: StatementKind) {
        switch statement {
        case .use: use()
        case .kill: kill()
        case .getDiagnostics: diagnostics()
        case .truncate:
            note([.writesRows, .commitsImplicitly])
            skipRest()
        default: scanRest()
        }
    }

    @_lifetime(self: copy self)
    private mutating func use() {
        advance()
        if let name = takeName(foldingCase: false) { note(.usesSchema, .usesSchema(name)) }
        if !isAtEnd { doubt() }
    }

    /// `KILL [HARD | SOFT] [CONNECTION | QUERY [ID]] number`, `KILL … USER account`.
    @_lifetime(self: copy self)
    private mutating func kill() {
        advance()
        if word == "HARD" || word == "SOFT" { advance() }
        let isQuery = skip("QUERY")
        if !isQuery { _ = skip("CONNECTION") }
        let number = kind == .integer ? unsigned(start..<end) : nil
        if word == "USER" || word == "ID" { skipRest() }
        if number != nil { advance() }
        let target = isAtEnd ? number.map { isQuery ? KillTarget.query($0) : .connection($0) } : nil
        note(.namesConnection, .kills(target ?? .other))
        scanRest()
    }

    /// The number that the digits at `range` are; nil above 64 bits.
    private func unsigned(_ range: Range<Int>) -> UInt64? {
        var value: UInt64 = 0
        for index in range {
            let (tenfold, isTooBig) = value.multipliedReportingOverflow(by: 10)
            let (sum, isOver) = tenfold.addingReportingOverflow(UInt64(text[index] &- 0x30))
            if isTooBig || isOver { return nil }
            value = sum
        }
        return value
    }

    /// `GET DIAGNOSTICS @a = …`: what stands before the sign is assigned.
    @_lifetime(self: copy self)
    private mutating func diagnostics() {
        note(.readsDiagnostics)
        while !isAtEnd {
            guard kind == .userVariable else {
                step()
                continue
            }
            let name = userVariableName()
            advance()
            if isAssignment {
                note(.assignsUserVariable, .assignsUserVariable(name))
            } else {
                note(.readsUserVariable, .readsUserVariable(name))
            }
        }
    }

    @_lifetime(self: copy self)
    private mutating func administration(_ statement: StatementKind, _ nesting: Int) {
        if statement == .maintenance, isExecutedByAnalyze() { return self.statement(nesting: nesting + 1) }
        // BINLOG executes events with settings of their own.
        if word == "BINLOG" { doubt() }
        note(.commitsImplicitly)
        skipRest()
    }

    /// Whether MariaDB's `ANALYZE [FORMAT = …] statement` stands here, up to the statement; it is executed.
    @_lifetime(self: copy self)
    private mutating func isExecutedByAnalyze() -> Bool {
        guard skip("ANALYZE") else { return false }
        switch word {
        case "TABLE", "TABLES", "LOCAL", "NO_WRITE_TO_BINLOG": return false
        default:
            skipFormat()
            return true
        }
    }

    /// Goes past `FORMAT = name`.
    @_lifetime(self: copy self)
    mutating func skipFormat() {
        guard skip("FORMAT") else { return }
        advance()
        advance()
    }
}
