import PluginAPI

/// `LOAD MYSQL USERS TO RUNTIME` and its like: the funnel's accounts that are kept in a table.
final class UsersSection: NamedConfigurationSection {
    let name = "MYSQL USERS"
    let singular = "MYSQL USER"
    let nameColumn = "username"
    let tables = [UsersTable.definition]
    private let funnel: Funnel

    init(funnel: Funnel) {
        self.funnel = funnel
    }

    func running() -> TableContents {
        [UsersTable.name: funnel.accounts.rows.map(UsersTable.cells)]
    }

    func prepare(_ contents: TableContents) throws(ConfigurationFault) -> PreparedConfiguration {
        try prepare(contents) { accounts, rows in accounts.use(rows) }
    }

    func prepare(_ contents: TableContents, only name: String) throws(ConfigurationFault) -> PreparedConfiguration {
        try prepare(contents) { accounts, rows in accounts.use(rows, of: name) }
    }

    private func prepare(
        _ contents: TableContents, _ use: @escaping @Sendable (AccountDirectory, [UserRow]) -> Void
    ) throws(ConfigurationFault) -> PreparedConfiguration {
        let rows = try UsersTable.read(contents[UsersTable.name] ?? [])
        return PreparedConfiguration(warnings: rows.flatMap(\.warnings) + hostgroupWarnings(rows)) { [funnel] in
            use(funnel.accounts, rows)
        }
    }

    /// Servers may come later, so that a hostgroup without any is no fault.
    private func hostgroupWarnings(_ rows: [UserRow]) -> [String] {
        let hostgroups = funnel.host.backends.hostgroups
        return rows.filter { $0.isActive && $0.defaultHostgroup != 0 && hostgroups[$0.defaultHostgroup].isEmpty }.map {
            "\(UsersTable.name), username \($0.username), default_hostgroup: hostgroup \($0.defaultHostgroup) has no "
                + "server (table mysql_servers)"
        }
    }
}
