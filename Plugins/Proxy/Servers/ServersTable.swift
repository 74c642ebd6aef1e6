import PluginAPI

/// `mysql_servers`: ProxySQL's names, defaults and ranges; what has no effect here is kept and warned of.
enum ServersTable {
    static let name = "mysql_servers"

    static let columns = [
        "hostgroup_id", "hostname", "port", "gtid_port", "status", "weight", "compression", "max_connections",
        "max_replication_lag", "use_ssl", "max_latency_ms", "comment",
    ]

    /// Whole numbers with what they are without a value, and the most that they may be.
    static let numbers: [String: (usual: Int, most: Int)] = [
        "hostgroup_id": (0, Int(Int32.max)), "port": (3306, 65_535), "gtid_port": (0, 65_535),
        "weight": (1, ServerRow.largestWeight), "compression": (0, 1), "max_connections": (1000, Int(Int32.max)),
        "max_replication_lag": (0, 126_144_000), "use_ssl": (0, 1), "max_latency_ms": (0, Int(UInt32.max)),
    ]

    /// What has no effect, and why.
    static let unused = [
        "gtid_port": "servers are asked in SQL which transactions they have",
        "compression": "connections to servers are never compressed",
        "max_replication_lag": "the lag of replicas isn't watched",
        "use_ssl": "connections to servers are never encrypted",
        "max_latency_ms": "servers aren't left out for their latency",
    ]

    /// The table; a row that names no `max_connections` gets the usual number, which may be the funnel's option.
    static func definition(usualMaxConnections: Int = numbers["max_connections"]?.usual ?? 1000) -> TableDefinition {
        let lines = columns.map { column($0, usualMaxConnections) }
        return TableDefinition(
            name: name, columns: columns, key: ["hostgroup_id", "hostname", "port"],
            body: lines.joined(separator: ",\n") + ",\nPRIMARY KEY (hostgroup_id, hostname, port)")
    }

    private static func column(_ name: String, _ usualMaxConnections: Int) -> String {
        if let (usual, most) = numbers[name] {
            let usual = name == "max_connections" ? usualMaxConnections : usual
            return "\(name) INT NOT NULL DEFAULT \(usual) CHECK (\(name) BETWEEN 0 AND \(most))"
        }
        return switch name {
        case "status":
            "status VARCHAR NOT NULL DEFAULT 'ONLINE' "
                + "CHECK (UPPER(status) IN ('ONLINE', 'SHUNNED', 'OFFLINE_SOFT', 'OFFLINE_HARD'))"
        case "comment": "comment VARCHAR NOT NULL DEFAULT ''"
        case _: "\(name) VARCHAR NOT NULL"
        }
    }
}
