package import MySQLWire

/// What one result of an answer told: a statement's OK, the end of its rows, or its ERR.
package struct StatementResult: BitwiseCopyable, Equatable, Sendable {
    /// The packet that ended the result.
    package enum Kind: BitwiseCopyable, Equatable, Sendable {
        /// An OK of its own.
        case ok
        /// The end of a series: rows, an opened cursor, listed fields, or an answer that is an EOF.
        case series
        /// An ERR, which also ends the answer.
        case error
    }

    /// The packet that ended the result.
    package var kind: Kind
    /// Affected rows of this result alone.
    package var affectedRows: UInt64 = 0
    /// The insert id that its OK told; 0 for none.
    package var lastInsertID: UInt64 = 0
    /// Rows that it returned.
    package var rows: UInt64 = 0
    /// Its status flags; an ERR has none and repeats those before it.
    package var status: StatusFlags = []
    /// How many warnings it left; an ERR doesn't tell.
    package var warnings: UInt16 = 0
    /// The ERR's number; 0 without one.
    package var errorCode: UInt16 = 0

    /// What an answer's last result told; those before are sums over the results in front of it.
    init(_ kind: Kind, _ summary: ResultSummary, affectedBefore: UInt64, rowsBefore: UInt64) {
        self.kind = kind
        rows = summary.rows &- rowsBefore
        status = summary.status
        guard kind != .error else {
            errorCode = summary.errorCode
            return
        }
        affectedRows = summary.affectedRows &- affectedBefore
        if kind == .ok { lastInsertID = summary.lastInsertID }
        warnings = summary.warnings
    }
}
