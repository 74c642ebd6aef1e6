import MySQLWire

/// INTERVAL arithmetic: `x + INTERVAL n unit`, DATE_ADD and DATE_SUB, which all become `sandbox_interval`.
extension Rewriter {
    static let units: Set<String> = [
        "SECOND", "MINUTE", "HOUR", "DAY", "WEEK", "MONTH", "QUARTER", "YEAR",
    ]

    /// `DATE_ADD(x, INTERVAL n unit)`; the cursor stands at the parenthesis.
    func addedDate(sign: Int, _ cursor: inout TokenCursor) throws(SQLError) -> String {
        let parts = try cursor.parenthesized().separated
        guard parts.count == 2, var interval = parts.last.map({ TokenCursor($0) }), interval.take("INTERVAL") else {
            throw SQLError.syntax("expected (a date, INTERVAL a number and a unit)")
        }
        guard let unit = interval.rest.last else { throw SQLError.syntax("expected a number and a unit") }
        return moved(
            try rewrite(parts[0]), by: try rewrite(interval.rest.dropLast()), try checked(unit), sign: sign)
    }

    /// Whether an operator and an INTERVAL stand at the cursor.
    func isInterval(_ token: Token, _ cursor: TokenCursor) -> Bool {
        (token.isSymbol("+") || token.isSymbol("-")) && cursor.peek()?.isWord("INTERVAL") == true
    }

    /// `+ INTERVAL n unit` behind `operand`; the cursor stands at the sign.
    func infixInterval(behind operand: String, _ cursor: inout TokenCursor) throws(SQLError) -> String {
        let sign = cursor.current?.isSymbol("-") == true ? -1 : 1
        cursor.index += 2
        let start = cursor.index
        if cursor.current?.isSymbol("-") == true { cursor.index += 1 }
        if cursor.current?.isSymbol("(") == true { _ = try cursor.parenthesized() } else { cursor.index += 1 }
        guard let unit = cursor.next() else {
            throw SQLError.syntax("expected a number and a unit behind INTERVAL")
        }
        return moved(operand, by: try rewrite(cursor.tokens[start..<cursor.index - 1]), try checked(unit), sign: sign)
    }

    /// Where the operand begins that ends in front of the token at `end`.
    func operandStart(before end: Int, in tokens: ArraySlice<Token>) throws(SQLError) -> Int {
        var start = end - 1
        guard start >= tokens.startIndex else { throw SQLError.syntax("expected a date in front of INTERVAL") }
        if tokens[start].isSymbol(")") {
            var depth = 0
            repeat {
                if tokens[start].isSymbol(")") { depth += 1 }
                if tokens[start].isSymbol("(") { depth -= 1 }
                start -= 1
            } while depth > 0 && start >= tokens.startIndex
            // Back at the parenthesis, or at the function's name in front of it.
            if start < tokens.startIndex || tokens[start].kind != .word { return start + 1 }
        }
        while start - 2 >= tokens.startIndex, tokens[start - 1].isSymbol("."), tokens[start - 2].isName { start -= 2 }
        return start
    }

    private func moved(_ date: String, by amount: String, _ unit: String, sign: Int) -> String {
        "sandbox_interval(\(date), \(amount), '\(unit)', \(sign))"
    }

    private func checked(_ unit: Token) throws(SQLError) -> String {
        let name = unit.text.uppercased()
        guard Self.units.contains(name) else {
            throw SQLError.unsupported(
                "INTERVAL's unit '\(unit.text)'; use SECOND, MINUTE, HOUR, DAY, WEEK, MONTH or YEAR")
        }
        return name
    }
}
