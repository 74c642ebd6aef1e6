import EmbeddedSQL
import MySQLWire
import ServerSide

/// Where the answer to one statement goes; without a reply it is dropped.
struct Output {
    /// Everything is in effect at once, and a backslash in a string is a backslash.
    static let status: StatusFlags = [.autocommit, .noBackslashEscapes]

    var reply: CommandReply?
    /// `moreResults` where another statement of the same text follows.
    var more: StatusFlags = []

    /// Whether BEGIN was said.
    var isInTransaction: () -> Bool = { false }

    var status: StatusFlags { Self.status.union(more).union(isInTransaction() ? .inTransaction : []) }

    func done(affected: Int = 0, id: Int64 = 0, warnings: Int = 0, info: String = "") {
        reply?.ok(
            affectedRows: UInt64(max(0, affected)), insertID: UInt64(max(0, id)), status: status,
            warnings: UInt16(clamping: warnings), info: info)
    }

    /// Sends a result of columns with names only.
    func send(_ statement: RowsOfStatement, warnings: Int = 0) throws {
        guard let reply else { return try statement.statement.run() }
        _ = try statement.rows.send(to: reply, warnings: UInt16(clamping: warnings)) { status }
    }
}
