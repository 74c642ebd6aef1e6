/// A command of the admin port that isn't SQL over tables, for instance `FLUSH QUERY CACHE` or `EXPLAIN ROUTE …`.
public struct AdministrativeCommand: Sendable {
    /// The words that it begins with, in capitals, one blank between them.
    public let words: String
    /// One line for `SELECT * FROM help`.
    public let summary: String
    /// Whether a read-only account may use it.
    public let isReadOnly: Bool
    /// Runs it with the text behind the words, without blanks around it; on a thread that may wait.
    public let run: @Sendable (String) throws(CommandFault) -> CommandOutcome

    /// A command with what it does.
    public init(
        _ words: String, summary: String, isReadOnly: Bool = false,
        run: @escaping @Sendable (String) throws(CommandFault) -> CommandOutcome
    ) {
        self.words = words
        self.summary = summary
        self.isReadOnly = isReadOnly
        self.run = run
    }
}

/// What a command of the admin port answers.
public enum CommandOutcome: Equatable, Sendable {
    /// OK, with the number of things changed and a line for the client.
    case done(affected: Int, info: String)
    /// A table.
    case rows(columns: [String], [[Cell]])
}

/// Why a command of the admin port wasn't done.
public struct CommandFault: Error, Equatable, Sendable {
    /// What is wrong and what to do.
    public let reason: String
    /// MySQL's number of the error.
    public let code: UInt16

    /// A fault with its reason, and MySQL's number where it has one for it.
    public init(_ reason: String, code: UInt16 = 1105) {
        self.reason = reason
        self.code = code
    }
}
