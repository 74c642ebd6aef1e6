import Foundation
import GRDB

/// Where the shared database lives: a file, or a private folder in the machine's memory.
///
/// SQLite's memdb VFS would need no folder, but there a writer locks all readers out and a reader all writers
/// (measured with 3.40); write-ahead logging lets every session read while one writes.
final class SandboxStorage: Sendable {
    let path: String
    private let folder: String?
    /// Keeps the database's log from being removed between sessions, and tells early of a file that can't be opened.
    private let keeper: DatabaseQueue

    static let schema = "sandbox"

    init(file: String?) throws {
        let folder = file == nil ? try Self.makeFolder() : nil
        let path = file ?? (folder ?? "") + "/sandbox.sqlite"
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
        try? FileManager.default.removeItem(atPath: folder)
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

    private static func makeFolder() throws -> String {
        let manager = FileManager.default
        let memory = manager.isWritableFile(atPath: "/dev/shm") ? "/dev/shm" : NSTemporaryDirectory()
        let folder = memory + "/millrace-" + UUID().uuidString
        try manager.createDirectory(
            atPath: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        return folder
    }
}
