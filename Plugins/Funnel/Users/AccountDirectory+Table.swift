import Accounts
import Locking
import MySQLWire
import PluginAPI

// The users of the table mysql_users, and how many clients each user has.

extension AccountDirectory {
    /// The table's rows as they were loaded last.
    var rows: [UserRow] { state.withLock { $0.rows } }

    /// Makes these rows the table, in one step. Who is logged in stays so.
    ///
    /// An inactive row shuts its user out, whatever the users file and the servers say. For one caller at a time.
    func use(_ rows: [UserRow]) {
        // Made without the lock: logins wait for that, and there may be many rows.
        let before = state.withLock { $0 }
        var after = before
        after.takeTable(rows)
        let changed = Set(before.table.keys).union(after.table.keys).filter { user in
            user != authUser && before.secret(of: user) != after.secret(of: user)
        }
        state.withLock { [after] state in
            (state.rows, state.table, state.serverProofs) = (after.rows, after.table, after.serverProofs)
            // What clients have shown of the old secret is worth nothing any more.
            for user in changed { state.proofs[user] = nil }
        }
    }

    /// Makes these rows all that the table has of the user. For one caller at a time.
    func use(_ rows: [UserRow], of user: String) {
        var all = self.rows
        let place = all.firstIndex { $0.username == user } ?? all.count
        all.removeAll { $0.username == user }
        all.insert(contentsOf: rows, at: place)
        use(all)
    }

    /// What the table gives the user's sessions.
    func profile(of user: String) -> UserProfile {
        guard let row = state.withLock({ $0.table[user]?.row }) else { return UserProfile() }
        // Hostgroup 0 is the usual one, which is another where there are servers for reads only.
        return UserProfile(
            hostgroup: row.defaultHostgroup == 0 ? nil : row.defaultHostgroup, schema: Array(row.defaultSchema.utf8))
    }

    // MARK: Clients

    /// A client has proved to be the user: counts it in.
    ///
    /// - Returns: the error where the user has as many clients as it may; it isn't counted then.
    func clientEnters(_ user: String) -> SQLError? {
        state.withLock { state in
            let count = state.clients[user] ?? 0
            if let limit = state.table[user]?.row.maxConnections, count >= limit {
                state.denials.limit += 1
                return SQLError(
                    code: 1226, state: "42000",
                    message: "User '\(user)' has exceeded the 'max_user_connections' resource (current value: \(limit))"
                )
            }
            state.clients[user] = count + 1
            return nil
        }
    }

    /// A client of the user's has gone, or has become another user.
    func clientLeaves(_ user: String) {
        state.withLock { state in
            let count = state.clients[user] ?? 0
            state.clients[user] = count > 1 ? count - 1 : nil
        }
    }

    /// A client could not prove who it is.
    func loginDenied() {
        state.withLock { $0.denials.login += 1 }
    }

    /// Clients that were not let in.
    var denials: Denials { state.withLock { $0.denials } }

    /// `stats_mysql_users`: a row for each user of the table, and for each other one that has clients now.
    var usersTable: StatisticsTable {
        let columns = ["username", "frontend_connections", "frontend_max_connections"]
        let definition = TableDefinition(
            name: "stats_mysql_users", columns: columns, key: ["username"],
            body: "username VARCHAR NOT NULL PRIMARY KEY,\nfrontend_connections INT NOT NULL,\n"
                + "frontend_max_connections INT")
        return StatisticsTable(definition) { [self] _ in
            let (clients, table) = state.withLock { ($0.clients, $0.table) }
            return Set(clients.keys).union(table.keys).sorted().map { user in
                [.text(user), Cell(clients[user] ?? 0), table[user].map { Cell($0.row.maxConnections) } ?? .null]
            }
        }
    }
}

extension TableUser {
    /// The user as a row has it now; where the password is the same still, what was known of it stays known.
    init(_ row: UserRow, before: TableUser?) {
        self.row = row
        account = row.account
        if let before, before.row.shownPassword == row.shownPassword, account.proof.password == nil {
            account.verifier = before.account.verifier
            account.known = before.account.known
        }
        if !row.isActive { account.denial = "the table mysql_users has it with active=0" }
    }
}

extension AccountDirectory.State {
    fileprivate mutating func takeTable(_ rows: [UserRow]) {
        let before = table
        self.rows = rows
        table = [:]
        serverProofs = [:]
        for row in rows {
            if row.isFrontend { table[row.username] = TableUser(row, before: before[row.username]) }
            if row.isBackend, !row.isFrontend, row.isActive { serverProofs[row.username] = row.account.proof }
        }
    }

    /// What tells one secret of the user's from another, a password and its hash being the same; nil where it isn't known.
    fileprivate func secret(of user: String) -> String? {
        if let row = table[user]?.row { return row.shownPassword }
        let account = listed[user] ?? looked[user].flatMap(\.self)
        return account?.verifier.nativeText
    }
}
