/// Expressions, and the clauses among them that matter.
extension EffectScanner {
    /// Reads the current token, and what belongs to it.
    @_lifetime(self: copy self)
    mutating func step() {
        switch kind {
        case .identifier: identifier()
        case .quotedIdentifier: quotedName()
        case .userVariable: userVariable(depth > 0 ? useInParentheses : .read)
        case .systemVariable: systemVariable()
        case .semicolon where !isAtEnd:
            doubt()
            advance()
        default: advance()
        }
    }

    @inline(__always)
    @_lifetime(self: copy self)
    private mutating func identifier() {
        let name = start..<end
        let before = previousKind
        let isQualified = before == .dot
        advance()
        if kind == .openParenthesis {
            call(name, behind: before)
        } else if isQualified, name.count == 7 {
            pseudoColumn(SQLWord(text, name))
        } else if !isQualified, kind != .dot, Self.mayStartClause(text[name.lowerBound], name.count) {
            clause(SQLWord(text, name), name)
        }
    }

    /// `s.NEXTVAL` and `s.CURRVAL`, which sql_mode ORACLE knows.
    @_lifetime(self: copy self)
    private mutating func pseudoColumn(_ word: SQLWord) {
        if word == "NEXTVAL" { note(.advancesSequence) }
        if word == "CURRVAL" { note(.readsSequence) }
    }

    /// Whether a keyword of `clause` starts with this letter and is as long: most words end here.
    @inline(__always)
    private static func mayStartClause(_ first: UInt8, _ length: Int) -> Bool {
        switch first | 0x20 {
        case UInt8(ascii: "a"): length == 2
        case UInt8(ascii: "f"): length == 3
        case UInt8(ascii: "i"), UInt8(ascii: "l"), UInt8(ascii: "n"): length == 4
        case UInt8(ascii: "p"): length == 8
        case UInt8(ascii: "s"): length == 19
        default: false
        }
    }

    @_lifetime(self: copy self)
    private mutating func clause(_ word: SQLWord, _ name: Range<Int>) {
        switch word {
        case "INTO": into()
        case "FOR": if self.word == "UPDATE" || self.word == "SHARE" { note(.locksRows) }
        case "LOCK": if self.word == "IN" { note(.locksRows) }
        case "NEXT": if skip("VALUE"), skip("FOR") { note(.advancesSequence) }
        case "PREVIOUS": if skip("VALUE"), skip("FOR") { note(.readsSequence) }
        // What follows is an alias, perhaps with columns, or a type: no call.
        case "AS": if isName { advance() }
        default: if text.matches("SQL_CALC_FOUND_ROWS", name) { note(.calculatesFoundRows) }
        }
    }

    @_lifetime(self: copy self)
    private mutating func into() {
        if word == "OUTFILE" || word == "DUMPFILE" { return note(.writesFile) }
        if skip("TABLE") { return skipTable() }
        while kind == .userVariable {
            userVariable(.assigned)
            guard kind == .comma else { return }
            advance()
        }
    }

    /// A name in quotes calls a function as one without does.
    @_lifetime(self: copy self)
    private mutating func quotedName() {
        let name = (start + 1)..<max(start + 1, end - 1)
        let before = previousKind
        advance()
        guard kind == .openParenthesis else { return }
        if before != .dot, sessionFunction(name, from: name.lowerBound - 1) || isList(behind: before) { return }
        note(.callsForeignFunction)
    }
}

extension Span where Element == UInt8 {
    /// Whether the bytes at `range` are `word`, which is in upper case, whatever their case.
    func matches(_ word: StaticString, _ range: Range<Int>) -> Bool {
        guard range.count == word.utf8CodeUnitCount else { return false }
        return word.withUTF8Buffer { bytes in
            bytes.indices.allSatisfy { self[range.lowerBound + $0].uppercased == bytes[$0] }
        }
    }
}
