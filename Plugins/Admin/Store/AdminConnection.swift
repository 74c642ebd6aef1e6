import EmbeddedSQL
import GRDB
import GRDBSQLite
import Glibc
import Locking
import PluginAPI
import Synchronization

/// A connection to the port's tables, used by one thread at a time.
///
/// GRDB opens it; statements go to SQLite directly, since GRDB would take the place of the authorizer. Invariant for
/// `@unchecked Sendable`: its owner uses it from one thread at a time, but for ``interrupt()``.
final class AdminConnection: @unchecked Sendable {
    let authorizer: Authorizer
    /// Whether the thread may wait for another writer.
    let mayWait: Atomic<Bool>
    private let queue: Lock<DatabaseQueue?>
    private let raw: OpaquePointer

    init(queue: DatabaseQueue, raw: OpaquePointer, authorizer: Authorizer, patience: Patience) {
        self.queue = Lock(queue)
        self.raw = raw
        self.authorizer = authorizer
        mayWait = Atomic(true)
        authorizer.register(on: raw)
        // GRDB's observers count on statements of its own, of which there are none from here on.
        _ = sqlite3_commit_hook(raw, nil, nil)
        _ = sqlite3_rollback_hook(raw, nil, nil)
        _ = sqlite3_update_hook(raw, nil, nil)
        patience.connection = self
    }

    /// Tells SQLite how long to wait for another writer.
    final class Patience: @unchecked Sendable {
        /// Set before the connection is used, and read by the thread that uses it.
        weak var connection: AdminConnection?
        private let settle: @Sendable () -> Void

        /// - Parameter settle: commits what another session holds back.
        init(settle: @escaping @Sendable () -> Void) { self.settle = settle }

        /// Five seconds in steps of a millisecond.
        func waits(tries: Int) -> Bool {
            guard connection?.mayWait.load(ordering: .relaxed) ?? true, tries < 5000 else { return false }
            settle()
            usleep(1000)
            return true
        }
    }

    /// Ends the statement that runs, from whichever thread.
    func interrupt() { queue.withLock { $0?.interrupt() } }

    /// Closes it; all statements must be gone.
    func close() {
        let queue = queue.withLock { queue in
            defer { queue = nil }
            return queue
        }
        try? queue?.close()
    }

    /// Compiles a statement with the rights of the connection's account.
    func compile(_ sql: String) throws -> SQLStatement? {
        authorizer.begin()
        do {
            return try SQLStatement(sql, on: raw)
        } catch {
            throw authorizer.refusal ?? error
        }
    }

    func rows(of statement: SQLStatement) -> RowStream {
        RowStream(statement: statement.raw, connection: raw, schema: AdminStore.schema)
    }

    var changes: Int { Int(sqlite3_changes(raw)) }

    /// MySQL tells the first id of several rows; SQLite the last, and its ids are consecutive.
    var firstInsertedID: Int64 {
        changes > 0 ? sqlite3_last_insert_rowid(raw) - Int64(changes) + 1 : 0
    }

    var isInsideTransaction: Bool { sqlite3_get_autocommit(raw) == 0 }
}

// MARK: The port's own statements

extension AdminConnection {
    /// Runs a statement of the port's own, whatever the account may do.
    func execute(_ sql: String, _ values: [Cell] = []) throws {
        try trusted {
            guard let statement = try SQLStatement(sql, on: raw) else { return }
            for (index, value) in values.enumerated() { statement.bind(index + 1, value) }
            try statement.run()
        }
    }

    /// The rows of a query of the port's own.
    func fetch(_ sql: String) throws -> [[Cell]] {
        try trusted {
            guard let statement = try SQLStatement(sql, on: raw) else { return [] }
            let columns = statement.columnCount
            var rows: [[Cell]] = []
            while try statement.step() {
                rows.append(
                    [Cell](unsafeUninitializedCapacity: columns) { cells, count in
                        for column in 0..<columns {
                            cells.initializeElement(at: column, to: statement.cell(column))
                        }
                        count = columns
                    })
            }
            return rows
        }
    }

    /// Inserts rows into a table of so many columns.
    func insert(_ rows: [[Cell]], into table: String, columns: Int) throws {
        guard !rows.isEmpty else { return }
        let places = Array(repeating: "?", count: columns).joined(separator: ", ")
        try trusted {
            guard let statement = try SQLStatement("INSERT OR REPLACE INTO \(table) VALUES (\(places))", on: raw)
            else { return }
            for row in rows where row.count == columns {
                for (index, value) in row.enumerated() { statement.bind(index + 1, value) }
                try statement.run()
            }
        }
    }

    /// Runs `body` as one step: all of it takes effect, or nothing.
    func atomically<Result>(_ body: () throws -> Result) throws -> Result {
        guard !isInsideTransaction else { return try body() }
        try execute("BEGIN IMMEDIATE")
        do {
            let result = try body()
            try execute("COMMIT")
            return result
        } catch {
            try? execute("ROLLBACK")
            throw error
        }
    }

    private func trusted<Result>(_ body: () throws -> Result) rethrows -> Result {
        let mode = authorizer.mode
        authorizer.mode = .trusted
        defer { authorizer.mode = mode }
        return try body()
    }
}
