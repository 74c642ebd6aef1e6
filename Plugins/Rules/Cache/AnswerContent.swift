import MySQLWire

/// A result set as it is kept: framed packets from sequence id 1 on, for a client with DEPRECATE_EOF; without its end,
/// which is made anew for every reader.
///
/// Definitions carry extended metadata or not as the key has it.
struct AnswerContent: Equatable, Sendable {
    /// The number of columns, their definitions, and the rows.
    var bytes: [UInt8]
    /// Where the first row begins, or the bytes end.
    var rowsStart: Int
    /// The sequence id of the packet that ends the result.
    var endSequence: UInt8
    /// How many warnings the statement left.
    var warnings: UInt16
    /// What the end says of the statement; nothing of the session.
    var status: StatusFlags

    /// Flags that tell how the statement was executed.
    static let statementFlags: StatusFlags = [.noIndexUsed, .noGoodIndexUsed]
}
