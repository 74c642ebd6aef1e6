/// One lexical element of a MySQL statement; comments and white space are not tokens.
struct Token: Equatable {
    enum Kind: Equatable {
        /// A keyword or an unquoted name.
        case word
        /// A name in backticks; the text is unquoted.
        case quotedName
        /// A string in either kind of quotes; the value is decoded.
        case string
        /// A number.
        case number
        /// `0xAB` or `x'AB'`; the text is the digits.
        case hex
        /// `@name`; the text is the name.
        case userVariable
        /// `@@name` with or without a scope; the text is the name alone.
        case systemVariable
        /// A parameter's question mark.
        case parameter
        /// Everything else: operators, parentheses, commas.
        case symbol
    }

    var kind: Kind
    /// The word, name or symbol; empty for strings.
    var text: String
    /// A string's decoded bytes.
    var bytes: [UInt8] = []
    /// Where it stands in the statement's bytes.
    var range: Range<Int>
    /// Whether white space or a comment stands in front.
    var isSpaced: Bool

    /// Whether this is the given keyword, which is written in capitals.
    func isWord(_ keyword: String) -> Bool {
        kind == .word && text.utf8.count == keyword.utf8.count && text.uppercased() == keyword
    }

    /// Whether this is the given symbol.
    func isSymbol(_ symbol: String) -> Bool { kind == .symbol && text == symbol }

    /// Whether this can be the name of a table, column or index.
    var isName: Bool { kind == .word || kind == .quotedName }
}
