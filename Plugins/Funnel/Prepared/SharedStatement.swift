import SQLText

/// The text of a prepared statement and what it does, one object for all sessions and connections that hold it.
///
/// Two of them are equal only if they are the same object; ``StatementTable`` sees to it that equal texts are.
final class SharedStatement: Sendable {
    let text: [UInt8]
    /// How strings and names in the text were read.
    let mode: SQLLexicalMode
    let effects: StatementEffects
    private let table: StatementTable

    /// Only for ``StatementTable``: everyone else asks the table for it.
    init(_ text: [UInt8], mode: SQLLexicalMode, in table: StatementTable) {
        self.text = text
        self.mode = mode
        self.table = table
        effects = StatementEffects(of: text.span, mode: mode)
    }

    deinit { table.forget(text, mode) }
}

extension SharedStatement: Hashable {
    static func == (left: SharedStatement, right: SharedStatement) -> Bool { left === right }

    func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}
