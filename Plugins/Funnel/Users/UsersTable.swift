import PluginAPI

/// `mysql_users`: ProxySQL's names, defaults and ranges; what has no effect here is kept and warned of.
enum UsersTable {
    static let name = "mysql_users"

    static let columns = [
        "username", "password", "active", "use_ssl", "default_hostgroup", "default_schema", "schema_locked",
        "transaction_persistent", "fast_forward", "backend", "frontend", "max_connections", "attributes", "comment",
    ]

    /// Whole numbers with what they are without a value, and the most that they may be.
    static let numbers: [String: (usual: Int, most: Int)] = [
        "active": (1, 1), "use_ssl": (0, 1), "default_hostgroup": (0, Int(Int32.max)), "schema_locked": (0, 1),
        "transaction_persistent": (1, 1), "fast_forward": (0, 1), "backend": (1, 1), "frontend": (1, 1),
        "max_connections": (10_000, Int(Int32.max)),
    ]

    /// What has no effect where it isn't as usual, and why.
    static let unused = [
        "schema_locked": "clients may always change their schema",
        "transaction_persistent": "a transaction always stays on its connection",
        "fast_forward": "statements always go through the funnel",
    ]

    static let definition = TableDefinition(
        name: name, columns: columns, key: ["username", "backend"],
        body: columns.map(column).joined(separator: ",\n")
            + ",\nPRIMARY KEY (username, backend),\nUNIQUE (username, frontend)")

    private static func column(_ name: String) -> String {
        if let (usual, most) = numbers[name] {
            return "\(name) INT NOT NULL DEFAULT \(usual) CHECK (\(name) BETWEEN 0 AND \(most))"
        }
        return switch name {
        case "username": "username VARCHAR NOT NULL"
        case "attributes": "attributes VARCHAR NOT NULL DEFAULT '' CHECK (attributes = '' OR json_valid(attributes))"
        case "comment": "comment VARCHAR NOT NULL DEFAULT ''"
        case _: "\(name) VARCHAR"
        }
    }

    /// The row's cells in the columns' order; the password as a hash.
    static func cells(of row: UserRow) -> [Cell] {
        columns.map { column in
            switch column {
            case "username": .text(row.username)
            case "password": .text(row.shownPassword)
            case "active": Cell(row.isActive ? 1 : 0)
            case "default_hostgroup": Cell(row.defaultHostgroup)
            case "default_schema": row.defaultSchema.isEmpty ? .null : .text(row.defaultSchema)
            case "backend": Cell(row.isBackend ? 1 : 0)
            case "frontend": Cell(row.isFrontend ? 1 : 0)
            case "max_connections": Cell(row.maxConnections)
            case "attributes": .text(row.attributes)
            case "comment": .text(row.comment)
            case _: Cell(row.unused[column] ?? numbers[column]?.usual ?? 0)
            }
        }
    }
}
