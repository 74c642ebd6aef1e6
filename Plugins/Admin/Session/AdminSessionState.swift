import Accounts
import Foundation
import GRDB
import Locking
import ServerSide

/// What a session's SQL functions and the list of sessions know of it.
final class AdminSessionState: Sendable {
    struct Values: Sendable {
        var user = ""
        var account = Account.administrator
        var schema = AdminStore.schema
        /// The statement that runs; nil where none does.
        var statement: String?
        /// When it began, or the last one ended.
        var since = ContinuousClock.now
    }

    let id: UInt32
    let host: String
    private let values = Lock(Values())

    init(id: UInt32, peer: String) {
        self.id = id
        host = peer.hasPrefix("/") ? "localhost" : peer
    }

    func with<Result: Sendable>(_ body: (inout Values) -> Result) -> Result { values.withLock { body(&$0) } }

    func began(_ text: String) {
        with {
            $0.statement = text
            $0.since = .now
        }
    }

    func ended() {
        with {
            $0.statement = nil
            $0.since = .now
        }
    }

    /// `user@host`, the port left out.
    private var account: String {
        with { $0.user } + "@" + (host.lastIndex(of: ":").map { String(host[..<$0]) } ?? host)
    }
}

// MARK: SQL functions

extension AdminSessionState {
    var functions: [DatabaseFunction] { identity + Self.conversions }

    private var identity: [DatabaseFunction] {
        ["user", "current_user", "session_user", "system_user"].map { name in
            DatabaseFunction(name, argumentCount: 0) { [self] _ in account }
        }
            + ["database", "schema"].map { name in
                DatabaseFunction(name, argumentCount: 0) { [self] _ in with { $0.schema } }
            } + [
                DatabaseFunction("version", argumentCount: 0) { _ in AdminServer.version },
                DatabaseFunction("connection_id", argumentCount: 0) { [self] _ in Int64(id) },
            ]
    }

    private static var conversions: [DatabaseFunction] {
        [
            DatabaseFunction("from_unixtime", argumentCount: 1, pure: true) { arguments in
                Int64.fromDatabaseValue(arguments[0]).map { time(Double($0)) }
            },
            DatabaseFunction("unix_timestamp", argumentCount: 0) { _ in Int64(Date().timeIntervalSince1970) },
            DatabaseFunction("now", argumentCount: 0) { _ in time(Date().timeIntervalSince1970) },
            DatabaseFunction("mysql_native_password", argumentCount: 1, pure: true) { arguments in
                String.fromDatabaseValue(arguments[0]).map { password in
                    password.isEmpty ? "" : "*" + Hexadecimal.encode(StoredPassword(password).nativeHash)
                }
            },
            DatabaseFunction("concat", pure: true) { arguments in
                arguments.contains(where: \.isNull)
                    ? nil : arguments.map { String.fromDatabaseValue($0) ?? "" }.joined()
            },
        ]
    }

    /// `YYYY-MM-DD hh:mm:ss` in UTC.
    private static func time(_ seconds: Double) -> String {
        let text = Date(timeIntervalSince1970: seconds).ISO8601Format(.iso8601(timeZone: .gmt))
        return text.replacing("T", with: " ").replacing("Z", with: "")
    }
}
