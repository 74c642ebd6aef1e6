import Accounts
import Foundation
import PluginAPI

extension UsersTable {
    /// Reads all rows.
    ///
    /// - Throws: ``ConfigurationFault`` for the first that can't be used.
    static func read(_ rows: [[Cell]]) throws(ConfigurationFault) -> [UserRow] {
        var users: [UserRow] = []
        var (frontends, backends): (Set<String>, Set<String>) = ([], [])
        for cells in rows {
            let reader = RowReader(cells)
            let user = try reader.read()
            if user.isFrontend, !frontends.insert(user.username).inserted {
                throw reader.fault("frontend", "another row with frontend=1 has the same user; delete one of the two")
            }
            if user.isBackend, !backends.insert(user.username).inserted {
                throw reader.fault("backend", "another row with backend=1 has the same user; delete one of the two")
            }
            users.append(user)
        }
        return users
    }
}

/// Reads one row.
private struct RowReader {
    private let cells: [String: Cell]
    /// MariaDB allows so many characters, of four bytes at most.
    private static let longestName = 128 * 4
    private static let longestSchema = 64 * 4

    init(_ cells: [Cell]) {
        self.cells = Dictionary(zip(UsersTable.columns, cells)) { first, _ in first }
    }

    func fault(_ column: String?, _ reason: String) -> ConfigurationFault {
        ConfigurationFault(table: UsersTable.name, row: place, column: column, reason: reason)
    }

    private var place: String { "username \(cells["username"]?.text ?? "NULL")" }

    func read() throws(ConfigurationFault) -> UserRow {
        let name = try name()
        let secret = text("password")
        var row = UserRow(username: name, account: try account(name, secret))
        row.shownPassword = row.account.verifier.nativeText ?? secret
        row.isActive = try number("active") == 1
        row.defaultHostgroup = try number("default_hostgroup")
        row.defaultSchema = try schema()
        row.isFrontend = try number("frontend") == 1
        row.isBackend = try number("backend") == 1
        row.maxConnections = try number("max_connections")
        row.attributes = try attributes()
        row.comment = text("comment")
        guard row.isFrontend || row.isBackend else {
            throw fault("frontend", "a row is for clients (frontend=1), for servers (backend=1) or for both")
        }
        guard try number("use_ssl") == 0 else {
            throw fault(
                "use_ssl", "connections of clients are never encrypted, so that nobody could log in; set it to 0")
        }
        try readUnused(&row)
        row.warnings += warnings(of: row)
        return row
    }

    private func readUnused(_ row: inout UserRow) throws(ConfigurationFault) {
        for column in UsersTable.columns {
            guard let reason = UsersTable.unused[column] else { continue }
            let number = try number(column)
            guard number != UsersTable.numbers[column]?.usual else { continue }
            row.unused[column] = number
            row.warnings.append("\(UsersTable.name), \(place), \(column)=\(number) has no effect: \(reason)")
        }
    }

    private func warnings(of row: UserRow) -> [String] {
        var warnings: [String] = []
        if row.isActive, row.isFrontend, row.account.verifier == .password([]) {
            warnings.append("\(UsersTable.name), \(place): no password; whoever knows the name may log in")
        }
        if row.isBackend, !row.isFrontend, row.account.proof.password == nil {
            warnings.append(
                "\(UsersTable.name), \(place), password: a row for servers only needs the password itself; by its hash "
                    + "nobody can log in to a server")
        }
        if !row.attributes.isEmpty {
            warnings.append("\(UsersTable.name), \(place), attributes has no effect: none of them is known here")
        }
        return warnings
    }

    // MARK: Columns

    private func text(_ column: String) -> String { cells[column]?.text ?? "" }

    private func name() throws(ConfigurationFault) -> String {
        let name = text("username")
        guard !name.isEmpty else { throw fault("username", "a user needs a name") }
        guard name.utf8.count <= Self.longestName, !name.utf8.contains(0) else {
            throw fault("username", "a user's name has at most 128 characters, and no NUL among them")
        }
        return name
    }

    private func account(_ name: String, _ secret: String) throws(ConfigurationFault) -> Account {
        do {
            return Account(user: name, verifier: try UsersFile.verifier(ofSecret: Array(secret.utf8)))
        } catch {
            throw fault("password", error.text)
        }
    }

    private func schema() throws(ConfigurationFault) -> String {
        let schema = text("default_schema")
        guard schema.utf8.count <= Self.longestSchema, !schema.utf8.contains(0) else {
            throw fault("default_schema", "a schema's name has at most 64 characters, and no NUL among them")
        }
        return schema
    }

    private func attributes() throws(ConfigurationFault) -> String {
        let attributes = text("attributes")
        guard
            attributes.isEmpty
                || (try? JSONSerialization.jsonObject(with: Data(attributes.utf8))) is [String: Any]
        else { throw fault("attributes", "'\(attributes)' is no JSON object") }
        return attributes
    }

    private func number(_ column: String) throws(ConfigurationFault) -> Int {
        let most = UsersTable.numbers[column]?.most ?? 0
        guard let number = cells[column]?.integer, (0...Int64(most)).contains(number) else {
            throw fault(column, "'\(cells[column]?.text ?? "NULL")' is no whole number from 0 to \(most)")
        }
        return Int(number)
    }
}
