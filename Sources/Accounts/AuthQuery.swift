package import MySQLWire

/// How a user's stored secret is asked of a server, and what the answer means.
///
/// Whoever asks needs SELECT on mysql.global_priv (MariaDB, from 10.4 on) or mysql.user (MySQL, from 5.7 on).
package struct AuthQuery: Hashable, Sendable {
    private let flavour: ServerFlavour

    /// The query for the server with the given greeting.
    package init(greeting: Greeting) {
        self.init(flavour: greeting.flavour)
    }

    /// The query for a server of that kind.
    package init(flavour: ServerFlavour) {
        self.flavour = flavour
    }

    /// The statement that looks `user` up.
    ///
    /// The user name is a hexadecimal literal: no character of it can end the statement, whatever the SQL mode.
    package func text(user: String) -> String {
        let mine = "SUBSTRING_INDEX(USER(), '@', -1)"
        let filter = "WHERE User IN (X'\(Hexadecimal.encode(user.utf8))', X'')"
        switch flavour {
        case .mysql:
            return "SELECT \(mine), HEX(User), Host, account_locked = 'Y', password_expired = 'Y', plugin,"
                + " HEX(authentication_string) FROM mysql.user \(filter)"
        case .mariadb:
            let secrets = ["$"] + (0..<Self.alternatives).map { "$.auth_or[\($0)]" }
            let columns = secrets.map { secret in
                "\(Self.value(secret + ".plugin")), HEX(\(Self.value(secret + ".authentication_string")))"
            }
            let isLocked = "IFNULL(\(Self.value("$.account_locked")), 0) NOT IN ('0', 'false')"
            let isExpired = "IFNULL(\(Self.value("$.password_last_changed")), 1) = 0"
            return "SELECT \(mine), HEX(User), Host, \(isLocked), \(isExpired), \(columns.joined(separator: ", "))"
                + " FROM mysql.global_priv \(filter) AND \(Self.value("$.is_role")) IS NULL"
        }
    }

    /// How many of an account's "OR" methods are looked at on MariaDB.
    private static var alternatives: Int { 4 }

    private static func value(_ path: String) -> String { "JSON_VALUE(Priv, '\(path)')" }

    /// The account that the server would log the proxy in to, by the rows of ``text(user:)``; nil where there is none.
    ///
    /// Of one user's accounts it is the one that MySQL would take for the proxy's address: the most specific host.
    /// - Parameter proxyAddress: the proxy's address as the server sees it, without port; `localhost` for a Unix socket.
    ///   The server's own word for it, which the rows have, counts too.
    package func account(user: String, rows: [[[UInt8]?]], proxyAddress: String) -> Account? {
        let entries = rows.compactMap(Entry.init)
        let matching = entries.filter { entry in
            entry.host.matches(proxyAddress) || entry.host.matches(entry.proxyName)
        }
        // Accounts without a name are for everybody, but behind those with one for the same hosts.
        let best = matching.max { left, right in
            (left.host.specificity, left.user.isEmpty ? 0 : 1) < (right.host.specificity, right.user.isEmpty ? 0 : 1)
        }
        if let best { return best.account(user: user) }
        let hosts = entries.filter { !$0.user.isEmpty }.map { "'\($0.host.text)'" }
        guard !hosts.isEmpty else { return nil }
        let denial =
            "the server has the account for \(hosts.joined(separator: ", ")) only, where the proxy's \(proxyAddress) isn't"
        return Account(user: user, verifier: .none, denial: denial)
    }
}

/// One row: an account for certain hosts.
private struct Entry {
    let proxyName: String
    let user: [UInt8]
    let host: HostPattern
    let isLocked: Bool
    let isExpired: Bool
    /// Plugin and what is stored, the account's first choice first.
    let secrets: [(plugin: String, text: [UInt8])]

    init?(_ row: [[UInt8]?]) {
        guard row.count >= 7, let user = Self.decoded(row[1]) else { return nil }
        self.user = user
        proxyName = Self.string(row[0])
        host = HostPattern(Self.string(row[2]))
        isLocked = Self.string(row[3]) != "0"
        isExpired = Self.string(row[4]) != "0"
        let later = stride(from: 7, to: row.count - 1, by: 2).filter { row[$0] != nil }
        secrets = ([5] + later).map { (Self.string(row[$0]), Self.decoded(row[$0 + 1]) ?? []) }
    }

    private static func string(_ value: [UInt8]?) -> String { String(decoding: value ?? [], as: UTF8.self) }

    private static func decoded(_ value: [UInt8]?) -> [UInt8]? { value.flatMap { Hexadecimal.decode($0) } }

    func account(user: String) -> Account {
        let usable = secrets.compactMap(StoredSecret.verifier)
        // From a native hash and the client's answer follows what a login at the server needs.
        let native = usable.first { $0.method == .native }
        let name = "'\(user)'@'\(host.text)'"
        var account = Account(user: user, verifier: native ?? usable.first ?? .none)
        if isLocked {
            account.denial = "the server has locked \(name); ALTER USER … ACCOUNT UNLOCK there"
        } else if isExpired {
            account.denial = "the password of \(name) has expired; ALTER USER … IDENTIFIED BY at the server"
        } else if usable.isEmpty {
            let plugins = secrets.map { $0.plugin.isEmpty ? "mysql_native_password" : $0.plugin }
            account.denial =
                "\(name) logs in by \(plugins.joined(separator: " or ")) with no password stored that the proxy can check"
        }
        return account
    }
}
