/// What a statement gives a name for later ones: prepared statements and handlers.
extension EffectScanner {
    @_lifetime(self: copy self)
    mutating func named(_ statement: StatementKind, _ nesting: Int) {
        advance()
        switch statement {
        case .prepare: prepare()
        case .execute: if let name = takeName() { note(.executesPrepared, .executes(name)) }
        case .executeImmediate: executeImmediate(nesting)
        case .deallocate: deallocate()
        default: handler()
        }
        scanRest()
    }

    @_lifetime(self: copy self)
    private mutating func prepare() {
        guard let name = takeName() else { return }
        if !skip("FROM") { doubt() }
        note(.prepares, .prepares(name, from: source()))
    }

    @_lifetime(self: copy self)
    private mutating func source() -> PreparedSource {
        switch kind {
        case .string:
            let string = start..<end
            advance()
            return isAtEnd ? .text(content(of: text, string, mode: mode)) : .expression
        case .userVariable:
            let name = userVariableName()
            userVariable(.read)
            return isAtEnd ? .variable(name) : .expression
        default: return .expression
        }
    }

    @_lifetime(self: copy self)
    private mutating func executeImmediate(_ nesting: Int) {
        advance()
        let string = start..<end
        let isString = kind == .string
        if isString { advance() }
        guard isString, isAtEnd || word == "USING", nesting < Self.maximumNesting else {
            return note(.executesUnseenText)
        }
        let bytes = content(of: text, string, mode: mode)
        let count = bytes.count - bytes.reversed().prefix { $0.isBlank || $0 == UInt8(ascii: ";") }.count
        var inner = Self.effects(of: bytes.span, 0..<count, mode, nesting: nesting + 1)
        inner.details = inner.details.map { $0.placed(at: string) }
        found.append(inner)
    }

    @_lifetime(self: copy self)
    private mutating func deallocate() {
        if !skip("PREPARE") { doubt() }
        if let name = takeName() { note(.deallocates, .deallocates(name)) }
    }

    /// `HANDLER t OPEN [[AS] alias]`, `HANDLER t CLOSE`, `HANDLER t READ …`.
    @_lifetime(self: copy self)
    private mutating func handler() {
        guard let name = takeTable()?.table else { return }
        if skip("OPEN") {
            _ = skip("AS")
            let alias = isAtEnd ? nil : takeName()
            note(.opensHandler, .opensHandler(alias ?? name.folded))
        } else if skip("CLOSE") {
            note(.closesHandler, .closesHandler(name.folded))
        } else if skip("READ") {
            note(.usesHandler)
        } else {
            doubt()
        }
    }
}

extension SQLName {
    /// The name with ASCII letters in lower case.
    fileprivate var folded: Self { Self(bytes.map(\.lowercased)) }
}

extension StatementDetail {
    /// The same detail, of a string that stands at `place`.
    fileprivate func placed(at place: Range<Int>) -> Self {
        switch self {
        case .setsVariable(let name, _): .setsVariable(name, value: place)
        case .refers(let value, _): .refers(value, place)
        default: self
        }
    }
}
