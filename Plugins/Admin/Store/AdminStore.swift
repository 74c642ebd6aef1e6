import EmbeddedSQL
import Foundation
import GRDB
import Locking
import PluginAPI
import Synchronization

/// Where the tables live: the memory layer in a private folder in the machine's memory, the disk layer in its file.
///
/// With write-ahead logging every session reads while one writes, however slow a reader is; an in-memory database of
/// SQLite's would have one connection, and a slow statement would keep everybody waiting.
final class AdminStore: Sendable {
    /// The name of the memory layer's schema.
    static let schema = "main"

    private let folder: PrivateFolder
    private let disk: String?
    private let changed = Atomic<Int>(0)
    /// The session whose rows aren't committed yet; SQLite lets no other one write meanwhile.
    private let holder = Lock<AdminSession?>(nil)
    private let keeper: DatabaseQueue
    private let checkpoints = DispatchQueue(label: "millrace.admin.checkpoints")

    init(catalog: Catalog, disk: String?) throws {
        folder = try PrivateFolder()
        self.disk = disk
        keeper = try DatabaseQueue(path: folder.path + "/memory.sqlite", configuration: Self.configuration)
        do {
            try keeper.inDatabase { database in
                for table in catalog.configuration { try Self.create(table, in: "main", database) }
                for trigger in Catalog.triggers { try database.execute(sql: trigger) }
            }
            if let disk { try Self.makeDisk(disk, catalog) }
        } catch {
            folder.remove()
            throw error
        }
    }

    deinit { remove() }

    var hasDisk: Bool { disk != nil }

    /// Removes the memory layer.
    func remove() {
        try? keeper.close()
        folder.remove()
    }

    /// A connection of its own.
    func open(catalog: Catalog, mode: Authorizer.Mode, functions: [DatabaseFunction] = []) throws -> AdminConnection {
        let patience = AdminConnection.Patience { [weak self] in self?.settle() }
        var configuration = Self.configuration
        configuration.busyMode = .callback { patience.waits(tries: $0) }
        configuration.prepareDatabase { [disk] database in
            for function in functions + catalog.functions { database.add(function: function) }
            if let disk { try database.execute(sql: "ATTACH ? AS disk", arguments: [disk]) }
            for schema in ["stats", "information_schema"] {
                try database.execute(sql: "ATTACH ':memory:' AS \(schema)")
            }
        }
        let queue = try DatabaseQueue(path: folder.path + "/memory.sqlite", configuration: configuration)
        guard let raw = queue.inDatabase({ $0.sqliteConnection }) else {
            throw DatabaseError(resultCode: .SQLITE_CANTOPEN, message: "the admin port's tables can't be opened")
        }
        return AdminConnection(
            queue: queue, raw: raw, authorizer: Authorizer(catalog: catalog, mode: mode), patience: patience)
    }

    /// Commits what quick INSERTs of any session have written, so that everybody sees it.
    func settle() {
        let session = holder.withLock { holder in
            defer { holder = nil }
            return holder
        }
        session?.settle()
    }

    /// The session has rows that aren't committed.
    func holds(_ session: AdminSession) { holder.withLock { $0 = session } }

    /// So many rows were changed; now and then the log is put into the database, on a thread of its own.
    func noteChanges(_ count: Int) {
        let sum = changed.wrappingAdd(max(0, count), ordering: .relaxed).newValue
        guard sum > 20_000, changed.exchange(0, ordering: .relaxed) > 20_000 else { return }
        checkpoints.async { [keeper] in
            _ = try? keeper.inDatabase { try $0.execute(sql: "PRAGMA main.wal_checkpoint(PASSIVE)") }
        }
    }

    private static var configuration: Configuration {
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        configuration.acceptsDoubleQuotedStringLiterals = true
        configuration.journalMode = .wal
        configuration.busyMode = .timeout(5)
        configuration.prepareDatabase { database in
            // Sessions' writes must not pay for the log's checkpoints: one of them may run on an event loop's thread.
            for pragma in ["synchronous = OFF", "wal_autocheckpoint = 0", "temp_store = MEMORY"] {
                try database.execute(sql: "PRAGMA \(pragma)")
            }
        }
        return configuration
    }

    private static func create(_ table: TableDefinition, in schema: String, _ database: Database) throws {
        try database.execute(sql: "CREATE TABLE IF NOT EXISTS \(schema).\(Literal.name(table.name)) (\(table.body))")
    }
}

// MARK: The disk layer

extension AdminStore {
    /// Makes the file and what is missing in it; only its owner may read it, since it holds accounts.
    private static func makeDisk(_ path: String, _ catalog: Catalog) throws {
        let manager = FileManager.default
        if !manager.fileExists(atPath: path) {
            _ = manager.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600])
        }
        do {
            var configuration = Configuration()
            configuration.busyMode = .timeout(5)
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            try queue.inDatabase { database in
                try database.execute(
                    sql: "CREATE TABLE IF NOT EXISTS saved_sections (section TEXT PRIMARY KEY, saved_at INTEGER)")
                // Beside a write-ahead log SQLite opens a file that can only be read, and says nothing before the first write.
                try database.execute(sql: "DELETE FROM saved_sections WHERE FALSE")
                for table in catalog.configuration { try bringUpToDate(table, database) }
            }
            try queue.close()
        } catch {
            throw OptionError(
                option: "--admin-database=\(path)",
                reason: "the file can't be used: \(error); give a SQLite file in a folder that can be written")
        }
    }

    /// A table that another version has made keeps the columns that this one knows.
    private static func bringUpToDate(_ table: TableDefinition, _ database: Database) throws {
        let stored = try String.fetchAll(
            database, sql: "SELECT name FROM pragma_table_info(?)", arguments: [table.name])
        guard !stored.isEmpty, stored != table.columns else { return try create(table, in: "main", database) }
        let old = Literal.name(table.name + "_before")
        let name = Literal.name(table.name)
        let common = table.columns.filter(stored.contains).map(Literal.name).joined(separator: ", ")
        try database.inTransaction {
            try database.execute(sql: "DROP TABLE IF EXISTS \(old)")
            try database.execute(sql: "ALTER TABLE \(name) RENAME TO \(old)")
            try create(table, in: "main", database)
            try database.execute(sql: "INSERT INTO \(name) (\(common)) SELECT \(common) FROM \(old)")
            try database.execute(sql: "DROP TABLE \(old)")
            return .commit
        }
    }
}
