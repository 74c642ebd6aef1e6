import MySQLWire

/// A session's prepared statements, by the ids that the proxy gave to its client.
///
/// A session that prepares nothing allocates nothing.
struct ClientStatements: Sendable {
    private(set) var statements: [UInt32: ClientStatement] = [:]
    /// The id that -1 stands for; 0 (no statement's id) after a failed preparation and when that statement is closed.
    private var lastPrepared: UInt32 = 0
    private var lastID: UInt32 = 0
    /// What long data occupies, all statements together.
    private(set) var longDataBytes = 0
    private var cursors = 0

    /// The most statements that a client may have: the server's default for all its clients together.
    static let limit = 16_382

    init() {}

    var count: Int { statements.count }
    var isFull: Bool { statements.count >= Self.limit }

    /// Whether a cursor is open, which pins the session to its connection.
    var hasCursor: Bool { cursors > 0 }

    /// Whether there is, or was, a statement: numbers go on where they were.
    var hasHistory: Bool { lastID != 0 || lastPrepared != 0 || !statements.isEmpty }

    subscript(id: UInt32) -> ClientStatement? { statements[id] }

    /// The id that a client means.
    func resolve(_ id: UInt32) -> UInt32 { id == ExecuteCommand.lastPrepared ? lastPrepared : id }
}

// The life of a statement.
extension ClientStatements {
    /// A server has prepared the text for the client's COM_STMT_PREPARE.
    ///
    /// - Returns: the id for the client, to be put in place of the answer's (``StatementPayload/setID(_:in:)``).
    mutating func prepared(
        _ shared: SharedStatement, under settings: PrepareSettings?, answer: PreparedStatementOK,
        on backend: inout BackendStatements
    ) -> UInt32 {
        backend.prepared(shared, under: settings, serverID: answer.statementID)
        let id = nextID()
        statements[id] = ClientStatement(shared, settings: settings, answer: answer)
        lastPrepared = id
        return id
    }

    /// The client's COM_STMT_PREPARE has failed: -1 stands for nothing now.
    mutating func preparationFailed() { lastPrepared = 0 }

    /// COM_RESET_CONNECTION or COM_CHANGE_USER: all statements are gone; ids go on where they were.
    mutating func removeAll() {
        let last = lastID
        self = ClientStatements()
        lastID = last
    }

    /// The connection with the open cursors is gone, or was reset.
    mutating func cursorsLost() {
        guard hasCursor else { return }
        for id in statements.keys { cursor(of: id, isOpen: false) }
    }

    private mutating func nextID() -> UInt32 {
        lastID = upcomingID
        return lastID
    }

    /// The id that the next statement will have.
    var upcomingID: UInt32 {
        var id = lastID
        repeat {
            // -1 has a meaning of its own, and 0 is no statement's id.
            id = id >= ExecuteCommand.lastPrepared - 1 ? 1 : id + 1
        } while statements[id] != nil
        return id
    }
}

// Changes that keep the sums right.
extension ClientStatements {
    mutating func remove(_ id: UInt32) {
        cursor(of: id, isOpen: false)
        changeLongData(of: id) { $0 = LongData() }
        statements[id] = nil
        if lastPrepared == id { lastPrepared = 0 }
    }

    mutating func setColumnCount(_ count: Int, of id: UInt32) { statements[id]?.columnCount = count }

    mutating func setTypes(_ types: [UInt8], of id: UInt32) { statements[id]?.types = types }

    mutating func cursor(of id: UInt32, isOpen: Bool) {
        guard let statement = statements[id], statement.hasCursor != isOpen else { return }
        statements[id]?.hasCursor = isOpen
        cursors += isOpen ? 1 : -1
    }

    mutating func changeLongData(of id: UInt32, _ change: (inout LongData) -> Void) {
        guard let index = statements.index(forKey: id) else { return }
        longDataBytes -= statements.values[index].longData.byteCount
        change(&statements.values[index].longData)
        longDataBytes += statements.values[index].longData.byteCount
    }
}
