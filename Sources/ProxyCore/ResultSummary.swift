public import MySQLWire

/// What an answer's packet headers and status bytes tell without a look at its rows.
public struct ResultSummary: BitwiseCopyable, Equatable, Sendable {
    /// Whether the answer ended with an ERR.
    public var isError = false
    /// The ERR's number; 0 without one.
    public var errorCode: UInt16 = 0
    /// The status flags of the last OK or EOF.
    public var status: StatusFlags = []
    /// Warnings of the last OK or EOF.
    public var warnings: UInt16 = 0
    /// Affected rows, all results added up.
    public var affectedRows: UInt64 = 0
    /// The last OK's insert id.
    public var lastInsertID: UInt64 = 0
    /// Row packets, all results added up.
    public var rows: UInt64 = 0
    /// Bytes of row packets, headers included.
    public var rowBytes: UInt64 = 0
    /// Results in the answer: OKs, result sets and ERRs.
    public var results: UInt32 = 0
    /// Columns of the last result set, or those a prepared statement will return; 0 without any.
    public var columns: UInt32 = 0
    /// The id that the answer to COM_STMT_PREPARE gave to the statement; 0 in every other answer.
    public var statementID: UInt32 = 0
    /// Parameters of the statement just prepared; 0 in every other answer.
    public var parameters: UInt16 = 0

    /// A summary of nothing yet.
    public init() {}
}
