/// What a statement does to a user variable.
enum VariableUse: UInt8 {
    case read
    case assigned
    /// An argument of CALL, which may be IN, OUT or both.
    case both
}

/// Where SET puts a value.
enum VariableScope: UInt8 {
    case session
    case global
}

/// Variables in expressions.
extension EffectScanner {
    /// The name of the user variable at the current token.
    @_lifetime(self: copy self)
    mutating func userVariableName() -> SQLName {
        if end - start < 2 { doubt() }
        return SQLName(text, (start + 1)..<end, foldingCase: true, mode: mode)
    }

    /// Reads the user variable at the current token; `:=` behind it assigns, whatever `use` says.
    @_lifetime(self: copy self)
    mutating func userVariable(_ use: VariableUse) {
        let name = userVariableName()
        advance()
        let isAssigned = use != .read || isColonAssignment
        if use == .both || !isAssigned { note(.readsUserVariable, .readsUserVariable(name)) }
        if isAssigned { note(.assignsUserVariable, .assignsUserVariable(name)) }
    }

    /// Reads the system variable at the current token.
    @_lifetime(self: copy self)
    mutating func systemVariable() {
        let first = start
        let variable = takeSystemVariable()
        guard let value = Self.sessionValue(SQLWord(text, variable.name)) else { return }
        note(.refersToSession, .refers(value, first..<previousEnd))
    }

    private static func sessionValue(_ variable: SQLWord) -> SessionValue? {
        switch variable {
        case "LAST_INSERT_ID", "IDENTITY": .lastInsertID
        case "PSEUDO_THREAD_ID": .connectionID
        case "WARNING_COUNT": .warningCount
        case "ERROR_COUNT": .errorCount
        case "INSERT_ID", "RAND_SEED1", "RAND_SEED2": .seed
        case "IN_TRANSACTION": .inTransaction
        case "LAST_GTID": .lastGTID
        default: nil
        }
    }

    /// Passes the system variable at the current token, and tells the scope if it is written; servers take blanks and comments around the dot.
    @_lifetime(self: copy self)
    mutating func takeSystemVariable() -> (scope: VariableScope?, name: Range<Int>) {
        var name = (start + 2)..<end
        let token = text.extracting(0..<end)
        let prefix = name.lowerBound..<token.index(of: UInt8(ascii: "."), or: UInt8(ascii: "."), from: name.lowerBound)
        let scope = Self.scope(SQLWord(text, prefix))
        advance()
        if prefix.upperBound < name.upperBound {
            // Any other prefix is the name of a cache or component, and belongs to the variable's name.
            if scope != nil { name = (prefix.upperBound + 1)..<name.upperBound }
        } else if kind == .dot {
            advance()
            name = start..<end
            if isName { advance() } else { doubt() }
        }
        if name.isEmpty { doubt() }
        return (scope, unquoted(name))
    }

    /// The scope that a word names; nil for any other word.
    static func scope(_ word: SQLWord) -> VariableScope? {
        switch word {
        case "SESSION", "LOCAL": .session
        case "GLOBAL", "PERSIST", "PERSIST_ONLY": .global
        default: nil
        }
    }

    /// A name's range without the quotes around it.
    func unquoted(_ name: Range<Int>) -> Range<Int> {
        guard name.count >= 2, text[name.lowerBound] == UInt8(ascii: "`") else { return name }
        return (name.lowerBound + 1)..<(name.upperBound - 1)
    }
}
