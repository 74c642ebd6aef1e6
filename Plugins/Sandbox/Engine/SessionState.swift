import GRDB
import Locking

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

    private static let defaults = [
        "auto_increment_increment": "1", "auto_increment_offset": "1", "autocommit": "1", "basedir": "/",
        "character_set_client": "utf8mb4", "character_set_connection": "utf8mb4", "character_set_database": "utf8mb4",
        "character_set_filesystem": "binary", "character_set_results": "utf8mb4", "character_set_server": "utf8mb4",
        "character_set_system": "utf8mb3", "collation_connection": "utf8mb4_general_ci",
        "collation_database": "utf8mb4_general_ci", "collation_server": "utf8mb4_general_ci",
        "default_storage_engine": "SQLite", "foreign_key_checks": "1", "group_concat_max_len": "1024",
        "have_ssl": "DISABLED", "hostname": "millrace", "init_connect": "", "innodb_lock_wait_timeout": "50",
        "interactive_timeout": "28800", "license": "Apache-2.0", "lower_case_table_names": "0",
        "max_allowed_packet": "67108864", "max_execution_time": "0", "net_buffer_length": "16384",
        "net_read_timeout": "30", "net_write_timeout": "60", "performance_schema": "0", "port": "4042",
        "protocol_version": "10", "query_cache_size": "0", "query_cache_type": "OFF", "read_only": "0",
        "server_id": "1",
        "server_uuid": "00000000-0000-0000-0000-000000000000", "socket": "", "sql_auto_is_null": "0", "sql_mode": "",
        "sql_notes": "1", "sql_quote_show_create": "1", "sql_safe_updates": "0",
        "sql_select_limit": "18446744073709551615", "sql_warnings": "0",
        "system_time_zone": "UTC", "time_zone": "SYSTEM", "transaction_isolation": "READ-COMMITTED",
        "transaction_read_only": "0", "tx_isolation": "READ-COMMITTED", "tx_read_only": "0", "unique_checks": "1",
        "version": SandboxServer.version, "version_comment": "Millrace sandbox (SQLite)",
        "version_compile_machine": "", "version_compile_os": "Linux", "wait_timeout": "28800",
    ]
}
