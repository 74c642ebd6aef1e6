/// Statements that answer with rows.
extension EffectScanner {
    /// Reads a query from its first word or parenthesis on.
    @_lifetime(self: copy self)
    mutating func query(_ statement: StatementKind, _ nesting: Int) {
        isQuery = true
        switch statement {
        case .with: with()
        case .show: show()
        case .explain: return explain(nesting)
        case .help: return skipRest()
        default: evaluatesExpression = statement == .select && nesting == 0
        }
        scanRest()
    }

    /// The common tables of a WITH, up to the verb that says what is done.
    @_lifetime(self: copy self)
    private mutating func with() {
        while kind == .openParenthesis { advance() }
        advance()
        _ = skip("RECURSIVE")
        commonTable()
        while kind == .comma {
            advance()
            commonTable()
        }
        switch word {
        case "UPDATE", "DELETE": note(.writesRows)
        case "INSERT", "REPLACE": insert()
        case "SELECT", "VALUES", "TABLE": break
        default: if kind != .openParenthesis { doubt() }
        }
    }

    /// `name [(columns)] AS (query) [CYCLE columns RESTRICT]`.
    @_lifetime(self: copy self)
    private mutating func commonTable() {
        if isName { advance() } else { doubt() }
        if kind == .openParenthesis { scanParentheses() }
        if !skip("AS") || kind != .openParenthesis { doubt() }
        scanParentheses()
        while !isAtEnd, word == "CYCLE" || word == "RESTRICT" || word == "SET" { skipClause() }
    }

    /// Goes from the current parenthesis behind the one that closes it.
    @_lifetime(self: copy self)
    private mutating func scanParentheses() {
        guard kind == .openParenthesis else { return }
        let inside = depth
        advance()
        while !isAtEnd, depth >= inside { step() }
        advance()
    }

    /// Goes to the next word, comma or parenthesis that may end a clause behind a common table.
    @_lifetime(self: copy self)
    private mutating func skipClause() {
        advance()
        while isName || (kind == .comma && depth == 0) {
            if word == "RESTRICT" || word == "SELECT" { break }
            advance()
        }
        _ = skip("RESTRICT")
    }

    @_lifetime(self: copy self)
    private mutating func show() {
        advance()
        switch word {
        case "WARNINGS", "ERRORS", "COUNT": note(.readsDiagnostics)
        case "PROFILE", "PROFILES": note(.readsProfile)
        case "STATUS": note(.readsSessionStatus)
        case "SESSION", "LOCAL":
            advance()
            if word == "STATUS" { note(.readsSessionStatus) }
        // Accounts look like user variables, and the rest of SHOW CREATE holds only a name.
        case "GRANTS", "CREATE": skipRest()
        case "EXPLAIN", "ANALYZE": note(.namesConnection)
        default: break
        }
    }

    /// EXPLAIN executes nothing but derived tables; EXPLAIN ANALYZE everything.
    @_lifetime(self: copy self)
    private mutating func explain(_ nesting: Int) {
        advance()
        if skip("ANALYZE") {
            isQuery = false
            skipFormat()
            return statement(nesting: nesting + 1)
        }
        if word == "EXTENDED" || word == "PARTITIONS" { advance() }
        skipFormat()
        let wrote = found.facts
        if skip("FOR") {
            if skip("CONNECTION") { note(.namesConnection) } else { doubt() }
        }
        if word == "INSERT" || word == "REPLACE" { insert() }
        scanRest()
        let notDone: StatementFacts = [.locksRows, .writesRows, .writesFile]
        found.facts.subtract(notDone.subtracting(wrote))
    }
}
