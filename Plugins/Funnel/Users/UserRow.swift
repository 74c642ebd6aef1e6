import Accounts
import PluginAPI

/// A row of `mysql_users` that can be used.
struct UserRow: Equatable, Sendable {
    var username = ""
    /// Who may log in, and the secret at the servers.
    var account: Account
    /// The password as it is shown: never in plain.
    var shownPassword = ""
    var isActive = true
    var defaultHostgroup = 0
    /// Empty for none.
    var defaultSchema = ""
    /// Whether clients log in by it.
    var isFrontend = true
    /// Whether the funnel logs in to servers by it.
    var isBackend = true
    var maxConnections = 0
    var attributes = ""
    var comment = ""
    /// The columns without effect, as they were loaded.
    var unused: [String: Int] = [:]
    /// What the administrator should know of it.
    var warnings: [String] = []
}

/// A user as the table has it.
struct TableUser: Sendable {
    var account: Account
    let row: UserRow
}

/// What the table gives a user's sessions.
struct UserProfile: Equatable, Sendable {
    /// Nil for the usual one.
    var hostgroup: Int?
    /// Empty for none.
    var schema: [UInt8] = []
}

/// Clients that were not let in, by the reason.
struct Denials: Equatable, Sendable {
    /// The login was wrong.
    var login = 0
    /// The user has as many clients as it may.
    var limit = 0
}
