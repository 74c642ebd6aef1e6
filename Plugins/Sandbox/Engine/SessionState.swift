import GRDB
import Locking
import ServerSide

/// What a session's SQL functions and variables know; read by SQLite's callbacks, hence behind a lock.
final class SessionState: Sendable {
    struct Values: Sendable {
        var user = ""
        var lastInsertID: Int64 = 0
        var rowCount: Int64 = -1
        var foundRows: Int64 = 0
        var system: [String: String] = [:]
        var userVariables: [String: DatabaseValue] = [:]
        var isEnded = false
        /// The statement that runs; nil where none does.
        var query: String?
        /// When the statement began to run, or the last one ended.
        var since = ContinuousClock.now
        /// When the wait for another writer began.
        var waitsSince = ContinuousClock.now
    }

    let id: UInt32
    let host: String
    private let values = Lock(Values())

    init(id: UInt32, peer: String) {
        self.id = id
        host = peer.hasPrefix("/") ? "localhost" : String(peer[..<(peer.lastIndex(of: ":") ?? peer.endIndex)])
    }

    func with<Result: Sendable>(_ body: (inout Values) -> Result) -> Result {
        values.withLock { body(&$0) }
    }

    /// Forgets all but the user, as COM_RESET_CONNECTION does.
    func reset() {
        values.withLock { values in
            let (user, query, since, isEnded) = (values.user, values.query, values.since, values.isEnded)
            values = Values()
            (values.user, values.query, values.since, values.isEnded) = (user, query, since, isEnded)
        }
    }

    var isAutocommit: Bool {
        with { !["0", "OFF", "FALSE"].contains(($0.system["autocommit"] ?? "1").uppercased()) }
    }

    func statementBegan(_ text: String) {
        with {
            $0.query = text
            $0.since = .now
        }
    }

    func statementEnded() {
        with {
            $0.query = nil
            $0.since = .now
        }
    }

    /// Whether a transaction reads from one snapshot, as its client has asked for, or sees what others commit.
    var readsSnapshots: Bool {
        let level = with { $0.system["transaction_isolation"] ?? $0.system["tx_isolation"] } ?? ""
        return ["REPEATABLE-READ", "SERIALIZABLE"].contains(level.uppercased())
    }

    /// How long a writer waits for the one before it, in seconds.
    var lockWait: Int { max(1, systemVariable("innodb_lock_wait_timeout").flatMap { Int($0) } ?? 50) }

    /// The variable's value; nil where there is no such variable.
    func systemVariable(_ name: String) -> String? {
        with { $0.system[name] } ?? Self.defaults[name]
    }

    var systemVariables: [(name: String, value: String)] {
        let changed = with { $0.system }
        return Self.defaults.merging(changed) { $1 }.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) }
    }

    private static let defaults = CommonVariables.values.merging([
        "port": "4042", "version": SandboxServer.version, "version_comment": "Millrace sandbox (SQLite)",
    ]) { $1 }
}
