import EmbeddedSQL
import GRDB

/// Where the shared database lives: a file, or a private folder in the machine's memory.
///
/// SQLite's memdb VFS would need no folder, but there a writer locks all readers out and a reader all writers
/// (measured with 3.40); write-ahead logging lets every session read while one writes.
final class SandboxStorage: Sendable {
    let path: String
    private let folder: PrivateFolder?
    /// Keeps the database's log from being removed between sessions, and tells early of a file that can't be opened.
    private let keeper: DatabaseQueue

    static let schema = "sandbox"

    init(file: String?) throws {
        let folder = file == nil ? try PrivateFolder() : nil
        let path = file ?? (folder?.path ?? "") + "/sandbox.sqlite"
        self.folder = folder
        self.path = path
        do {
            keeper = try DatabaseQueue(path: path, configuration: Self.configuration(isTemporary: file == nil))
        } catch {
            throw SandboxError.database(path: path, problem: "\(error)")
        }
    }

    /// A connection of its own for one session.
    func open(for state: SessionState) throws -> DatabaseQueue {
        var configuration = Self.configuration(isTemporary: folder != nil)
        configuration.busyMode = .callback { tries in state.waitForWriter(tries: tries) }
        configuration.prepareDatabase { database in
            for function in state.functions { database.add(function: function) }
        }
        return try DatabaseQueue(path: path, configuration: configuration)
    }

    /// Removes what was only meant to last as long as the process.
    func remove() {
        guard let folder else { return }
        try? keeper.close()
        folder.remove()
    }

    deinit { remove() }

    private static func configuration(isTemporary: Bool) -> Configuration {
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        configuration.journalMode = .wal
        configuration.busyMode = .timeout(5)
        configuration.prepareDatabase { database in
            if isTemporary { try database.execute(sql: "PRAGMA synchronous = OFF") }
        }
        return configuration
    }
}
