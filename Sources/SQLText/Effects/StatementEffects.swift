/// What the text of a statement tells about the session state that it reads, leaves behind, or ties to its connection.
///
/// For a text of several statements it is the union, in order. Whatever may happen counts: a fact says what the
/// statement does if it succeeds and reaches that part; only the facts that end a tie need more, and say so.
/// What stands in strings, comments and quoted names doesn't count, nor do the bodies of stored routines; what
/// stands in executable comments does. A quoted name before a parenthesis is a call, as servers have it.
/// Source: MariaDB 10.11, observed; MariaDB knowledge base, "SQL Statements"; MySQL reference manual, "SQL Statements".
public struct StatementEffects: Equatable, Sendable {
    /// What it does, as far as a yes or no tells.
    public internal(set) var facts: StatementFacts = []
    /// Names and places, in the order of the text; empty (and nothing allocated) for most statements.
    public internal(set) var details: [StatementDetail] = []
    /// Whether the text is certainly all that it does; otherwise expect any effect.
    ///
    /// False for unknown first words, unbalanced quotes and parentheses, bytes outside the grammar, and executable
    /// comments that some servers execute and some don't.
    public internal(set) var isUnderstood = true
    /// Whether any server with the same data may answer, once the session's state is there too: only SELECT, VALUES,
    /// TABLE, SHOW, EXPLAIN and HELP, without row locks, INTO, assignments, named locks, the advance of sequences and
    /// functions that aren't the server's own.
    public internal(set) var isReadOnly = false
    /// What the first statement is.
    package internal(set) var kind = StatementKind.empty
    /// Whether FROM stands outside parentheses, not before DUAL.
    package internal(set) var namesTable = false
    /// Whether a word may stand in it that makes the rows sent others than those found: LIMIT, OFFSET, FETCH, INTO and
    /// SQL_CALC_FOUND_ROWS, or one as long with the same first letter.
    package internal(set) var mayLimitRows = false

    init() {}

    /// The effects of the statement or statements in `text`.
    ///
    /// In the character sets big5, cp932, gb18030, gbk and sjis a character may end in a backslash; there a text with
    /// bytes from 0x80 can't be relied upon.
    public init(of text: Span<UInt8>, mode: SQLLexicalMode = []) {
        let semicolon = text.index(of: UInt8(ascii: ";"), or: UInt8(ascii: ";"), from: 0)
        let isSingle = (semicolon..<text.count).allSatisfy { $0 == semicolon || text[$0].isBlank }
        guard !isSingle else {
            self = EffectScanner.effects(of: text, 0..<semicolon, mode)
            return
        }
        self = Self.union(of: text, mode)
    }

    private static func union(of text: Span<UInt8>, _ mode: SQLLexicalMode) -> Self {
        var splitter = StatementSplitter(text, mode: mode)
        guard let first = splitter.next() else { return EffectScanner.effects(of: text, 0..<text.count, mode) }
        var union = EffectScanner.effects(of: text, first.range, mode)
        while let statement = splitter.next() {
            union.append(EffectScanner.effects(of: text, statement.range, mode))
        }
        return union
    }

    /// Adds the effects of what is executed next.
    mutating func append(_ next: Self) {
        // The mode that the text was cut and read by no longer holds.
        if facts.contains(.changesLexicalMode) { isUnderstood = false }
        facts.formUnion(next.facts)
        details.append(contentsOf: next.details)
        namesTable = namesTable || next.namesTable
        mayLimitRows = mayLimitRows || next.mayLimitRows
        isUnderstood = isUnderstood && next.isUnderstood
        isReadOnly = isReadOnly && next.isReadOnly && isUnderstood
    }
}
