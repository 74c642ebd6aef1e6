import MySQLWire

/// A prepared statement as its client knows it.
struct ClientStatement: Sendable {
    let shared: SharedStatement
    /// What it was prepared under, and must be prepared under on every other connection.
    let settings: PrepareSettings?
    let parameterCount: Int
    /// Columns of its result as the client was told last.
    var columnCount: Int
    /// The parameters' types as the client sent them last, two bytes each; empty before that.
    var types: [UInt8] = []
    var longData = LongData()
    /// Whether a cursor is open; it is on the connection that the session has, and pins it.
    var hasCursor = false

    init(_ shared: SharedStatement, settings: PrepareSettings?, answer: PreparedStatementOK) {
        self.shared = shared
        self.settings = settings
        parameterCount = Int(answer.parameters)
        columnCount = Int(answer.columns)
    }

    /// The types to send where the client has left them out.
    ///
    /// Before the first binding a server takes every parameter for NULL, and refuses values.
    var typesToSend: [UInt8] {
        guard types.isEmpty else { return types }
        return (0..<2 * parameterCount).map { $0 & 1 == 0 ? ColumnType.null.rawValue : 0 }
    }
}

/// What COM_STMT_SEND_LONG_DATA has brought for the next execution.
struct LongData: Sendable {
    /// The commands' payloads, in order.
    private(set) var pieces: [[UInt8]] = []
    /// What the pieces occupy.
    private(set) var byteCount = 0
    private(set) var fault: LongDataFault?

    /// What a piece occupies beside its bytes, so that empty ones are bounded too.
    private static let overhead = 32

    /// Keeps a piece, unless it leaves `limit` bytes no room; after a fault nothing more is kept.
    mutating func append(_ piece: [UInt8], limit: Int) {
        guard fault == nil else { return }
        let size = piece.count + Self.overhead
        guard size <= limit else { return fail(.tooLong) }
        pieces.append(piece)
        byteCount += size
    }

    mutating func fail(_ fault: LongDataFault) {
        self = LongData()
        self.fault = fault
    }

    /// An execution has used it up; a fault stays.
    mutating func executed() {
        let fault = fault
        self = LongData()
        self.fault = fault
    }
}
