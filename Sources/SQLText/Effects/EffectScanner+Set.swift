/// SET in its many forms.
extension EffectScanner {
    /// Reads a SET from its first word on.
    @_lifetime(self: copy self)
    mutating func set(_ statement: StatementKind, nesting: Int) {
        advance()
        switch statement {
        case .setTransaction: setTransaction()
        case .setStatement: setStatement(nesting: nesting)
        case .setAccount: account()
        default:
            if isAtEnd { doubt() }
            assignments()
        }
    }

    @_lifetime(self: copy self)
    private mutating func setTransaction() {
        switch Self.scope(word) {
        case .session?: note(.setsSessionTransaction)
        case .global?: note(.setsGlobalVariable)
        case nil: note(.setsNextTransaction)
        }
        skipRest()
    }

    @_lifetime(self: copy self)
    private mutating func account() {
        note([.changesAccount, .commitsImplicitly])
        skipRest()
    }

    /// `SET STATEMENT a = 1, b = 2 FOR …`.
    @_lifetime(self: copy self)
    private mutating func setStatement(nesting: Int) {
        note(.setsForStatement)
        advance()
        let outside = depth
        while !isAtEnd, depth > outside || word != "FOR" { step() }
        advance()
        statement(nesting: nesting + 1)
    }

    @_lifetime(self: copy self)
    private mutating func assignments() {
        var scope = VariableScope.session
        while !isAtEnd {
            assignment(&scope)
            guard kind == .comma else { break }
            advance()
        }
    }

    /// One assignment; a scope in words goes on for those behind it, as servers have it.
    @_lifetime(self: copy self)
    private mutating func assignment(_ scope: inout VariableScope) {
        switch kind {
        case .userVariable: assignUserVariable()
        case .systemVariable:
            let variable = takeSystemVariable()
            if variable.scope == nil, isNextTransaction(variable.name) {
                note(.setsNextTransaction)
                return _ = scanExpression()
            }
            assign(variable.name, variable.scope ?? .session)
        case .identifier:
            if let named = Self.scope(word) {
                scope = named
                advance()
            }
            assignNamed(scope)
        case .quotedIdentifier: assignNamed(scope)
        default: misread()
        }
    }

    /// Whether `@@name` without a scope means the next transaction alone, as servers have it.
    private func isNextTransaction(_ name: Range<Int>) -> Bool {
        text.matches("TRANSACTION_ISOLATION", name) || text.matches("TRANSACTION_READ_ONLY", name)
            || text.matches("TX_ISOLATION", name) || text.matches("TX_READ_ONLY", name)
    }

    /// Notes a doubt, and goes on to the next assignment.
    @_lifetime(self: copy self)
    private mutating func misread() {
        doubt()
        _ = scanExpression()
    }

    @_lifetime(self: copy self)
    private mutating func assignUserVariable() {
        let name = userVariableName()
        advance()
        guard isAssignment else { return misread() }
        advance()
        note(.assignsUserVariable, .assignsUserVariable(name))
        _ = scanExpression()
    }

    @_lifetime(self: copy self)
    private mutating func assignNamed(_ scope: VariableScope) {
        let first = word
        var name = unquoted(start..<end)
        guard isName else { return misread() }
        advance()
        if kind == .dot {
            advance()
            name = name.lowerBound..<end
            if isName { advance() }
        }
        if isAssignment { return first == "PASSWORD" ? account() : assign(name, scope) }
        setWithoutSign(first)
    }

    /// The forms without `=`.
    @_lifetime(self: copy self)
    private mutating func setWithoutSign(_ first: SQLWord) {
        switch first {
        case "NAMES": note(.setsNames)
        case "CHARSET": note(.setsCharacterSet)
        case "CHARACTER", "CHAR": if skip("SET") { note(.setsCharacterSet) } else { doubt() }
        // Roles look like accounts, and those like user variables.
        case "ROLE":
            note(.setsRole)
            return skipRest()
        case "PASSWORD": return account()
        default: doubt()
        }
        _ = scanExpression()
    }

    /// Reads the sign and the value of the system variable whose name is at `name`.
    @_lifetime(self: copy self)
    private mutating func assign(_ name: Range<Int>, _ scope: VariableScope) {
        guard isAssignment else { return misread() }
        advance()
        if isAtEnd { doubt() }
        let value = scanExpression()
        guard scope == .session else { return note(.setsGlobalVariable) }
        let variable = SQLName(text, name, foldingCase: true)
        note(.setsSessionVariable, .setsVariable(variable, value: value))
        switch SQLWord(text, name) {
        case "AUTOCOMMIT": note(autocommit(value))
        case "SQL_MODE": note(.changesLexicalMode)
        case "LAST_INSERT_ID", "IDENTITY": note(.setsLastInsertID)
        default: break
        }
    }

    /// What the value at `range` makes of autocommit.
    private func autocommit(_ range: Range<Int>) -> StatementFacts {
        var value = range
        if range.count > 2, text[range.lowerBound] == 0x27 || text[range.lowerBound] == 0x22 {
            value = (range.lowerBound + 1)..<(range.upperBound - 1)
        }
        return switch SQLWord(text, value) {
        case "0", "OFF", "FALSE": .disablesAutocommit
        case "1", "ON", "TRUE": .enablesAutocommit
        default: [.disablesAutocommit, .enablesAutocommit]
        }
    }
}
