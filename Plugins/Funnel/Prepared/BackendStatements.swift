import MySQLWire

/// The statements that a backend connection has prepared: a bounded number, the least recently used ones go.
struct BackendStatements: Sendable {
    struct Entry: Sendable {
        let shared: SharedStatement
        let settings: PrepareSettings?
        let serverID: UInt32
        /// The client's id of the statement whose cursor is open here; 0 for none.
        ///
        /// A session with a cursor keeps its connection, so there is no doubt whose id it is.
        var cursorOf: UInt32 = 0
        var bindings = BindingHistory()

        fileprivate var isFree: Bool { cursorOf == 0 }

        fileprivate func serves(_ shared: SharedStatement, _ settings: PrepareSettings?) -> Bool {
            isFree && self.shared == shared && self.settings == settings
        }
    }

    /// The last used one first.
    private(set) var entries: [Entry] = []
    /// Server's ids that nobody needs any more, to be closed with whatever is sent next.
    private(set) var closing: [UInt32] = []
    private let limit: Int

    /// Room for so many statements, 1 or more; those with a cursor may exceed it.
    init(limit: Int = 100) {
        self.limit = max(1, limit)
    }

    var count: Int { entries.count }

    /// The payloads of COM_STMT_CLOSE that are due; from now on they count as sent.
    mutating func takeClosing() -> [[UInt8]] {
        guard !closing.isEmpty else { return [] }
        defer { closing = [] }
        return closing.map { Command.closeStatement.payload(number: $0) }
    }
}

// What the connection has.
extension BackendStatements {
    /// The server has prepared the text under that id.
    mutating func prepared(_ shared: SharedStatement, under settings: PrepareSettings?, serverID: UInt32) {
        if let twin = entries.firstIndex(where: { $0.serves(shared, settings) }) {
            close(at: twin)
        }
        if entries.count >= limit, let oldest = entries.lastIndex(where: \.isFree) { close(at: oldest) }
        entries.insert(Entry(shared: shared, settings: settings, serverID: serverID), at: 0)
    }

    /// The server has refused to prepare; whether it is worth another try, once, behind what is to be closed now.
    ///
    /// That is so where the server has too many statements, and some of them are only kept here.
    mutating func preparationRefused(_ error: SQLError) -> Bool {
        guard error.code == 1461, entries.contains(where: \.isFree) else { return false }
        closing += entries.filter(\.isFree).map(\.serverID)
        entries.removeAll(where: \.isFree)
        return true
    }

    /// COM_RESET_CONNECTION or COM_CHANGE_USER has closed everything.
    mutating func removeAll() {
        entries = []
        closing = []
    }

    /// The session that has left, or has closed the statement of that id, leaves a cursor behind.
    mutating func closeCursor(of id: UInt32) {
        if let index = entries.firstIndex(where: { $0.cursorOf == id && !$0.isFree }) { close(at: index) }
    }

    /// The session has left.
    mutating func closeCursors() {
        closing += entries.filter { !$0.isFree }.map(\.serverID)
        entries.removeAll { !$0.isFree }
    }

    private mutating func close(at index: Int) {
        closing.append(entries.remove(at: index).serverID)
    }
}

// Runs: ``ClientStatements`` asks for them and settles them.
extension BackendStatements {
    /// The server's id of the run's statement, which counts as used now; nil where the connection hasn't got it, or not in
    /// a state for the run's long data.
    mutating func use(for run: StatementRun, longData: LongData = LongData(), types: [UInt8] = []) -> UInt32? {
        guard let index = index(for: run) else { return nil }
        guard longData.pieces.allSatisfy(entries[index].bindings.allow) else {
            close(at: index)
            return nil
        }
        entries[index].bindings.add(types)
        if index > 0 { entries.insert(entries.remove(at: index), at: 0) }
        return entries[0].serverID
    }

    /// The server's statement behind a run has a cursor now, or has none.
    mutating func cursor(of run: StatementRun, isOpen: Bool) {
        guard let index = index(for: run) else { return }
        entries[index].cursorOf = isOpen ? run.id : 0
    }

    /// Lets go of the server's statement, which is of no more use; `isKnown` tells whether the server has it still.
    mutating func drop(_ run: StatementRun, isKnown: Bool) {
        guard let index = index(for: run) else { return }
        let entry = entries.remove(at: index)
        if isKnown { closing.append(entry.serverID) }
    }

    /// A statement that the server has just prepared is of no use.
    mutating func discard(_ serverID: UInt32) { closing.append(serverID) }

    /// Where the run's statement is: the one that has its cursor, or else a free one for executions.
    private func index(for run: StatementRun) -> Int? {
        if let own = entries.firstIndex(where: { $0.cursorOf == run.id }) { return own }
        return run.isExecution ? entries.firstIndex { $0.serves(run.shared, run.settings) } : nil
    }
}
