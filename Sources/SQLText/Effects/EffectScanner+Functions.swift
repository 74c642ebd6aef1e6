/// Calls.
extension EffectScanner {
    /// Notes what the call of `name` does, whose parenthesis is the current token.
    @_lifetime(self: copy self)
    mutating func call(_ name: Range<Int>, behind before: SQLTokenKind) {
        if before != .dot {
            if sessionFunction(name, from: name.lowerBound) || KnownCalls.shared.contains(text, name) { return }
            if isList(behind: before) { return }
        }
        note(.callsForeignFunction)
    }

    /// Whether the parenthesis here opens a list of columns, not of arguments, what stands `before` its name given:
    /// no call comes directly behind a parenthesis, nor in LOAD DATA before SET.
    func isList(behind before: SQLTokenKind) -> Bool {
        before == .closeParenthesis || (useInParentheses == .assigned && depth == 1)
    }

    /// Notes a function that has to do with the session's state.
    ///
    /// - Returns: false for any other.
    @_lifetime(self: copy self)
    mutating func sessionFunction(_ name: Range<Int>, from start: Int) -> Bool {
        if text.matches("RELEASE_ALL_LOCKS", name) {
            releasesAllLocks()
            return true
        }
        switch SQLWord(text, name) {
        case "GET_LOCK": note(.takesNamedLock)
        case "RELEASE_LOCK": note(.releasesNamedLock)
        case "IS_USED_LOCK": note(.refersToSession, .refers(.lockHolder, start..<name.upperBound))
        case "LAST_INSERT_ID": lastInsertID(from: start)
        case "ROW_COUNT": refer(.rowCount, from: start)
        case "FOUND_ROWS": refer(.foundRows, from: start)
        case "CONNECTION_ID": refer(.connectionID, from: start)
        case "NEXTVAL": note(.advancesSequence)
        case "SETVAL": note(.setsSequence)
        case "LASTVAL": note(.readsSequence)
        default:
            guard text.matches("SQL_CALC_FOUND_ROWS", name) else { return false }
            note(.calculatesFoundRows)
        }
        return true
    }

    /// Notes `value`, told by the call whose parenthesis is the current token.
    @_lifetime(self: copy self)
    private mutating func refer(_ value: SessionValue, from start: Int) {
        advance()
        let isClosed = kind == .closeParenthesis
        note(.refersToSession, .refers(value, start..<(isClosed ? end : previousEnd)))
    }

    @_lifetime(self: copy self)
    private mutating func lastInsertID(from start: Int) {
        advance()
        if kind == .closeParenthesis {
            note(.refersToSession, .refers(.lastInsertID, start..<end))
        } else {
            note(.setsLastInsertID)
        }
    }

    /// Only as the statement's one expression it is certain to be evaluated.
    @_lifetime(self: copy self)
    private mutating func releasesAllLocks() {
        let isFirst = evaluatesExpression && tokenCount == 3 && depth == 1
        note(.releasesNamedLock)
        advance()
        guard isFirst, kind == .closeParenthesis else { return }
        advance()
        if isAtEnd, found.isUnderstood { note(.releasesAllNamedLocks) }
    }
}
