import Locking
import PluginAPI
import Pooling

/// `LOAD MYSQL SERVERS TO RUNTIME` and its like: the hostgroups of the process as a table.
final class ServersSection: ConfigurationSection {
    let name = "MYSQL SERVERS"
    private let host: any PluginHost
    /// Columns without effect, as they were loaded.
    private let unused = Lock<[ServerKey: [String: Int]]>([:])

    init(host: any PluginHost) {
        self.host = host
    }

    /// What the plugins that have started say counts, so that a LOAD doesn't lift the funnel's limit by a default.
    var tables: [TableDefinition] {
        [ServersTable.definition(usualMaxConnections: host.backends.usualMaxConnections)]
    }

    func running() -> TableContents {
        let unused = unused.withLock { $0 }
        let usual = host.backends.usualMaxConnections
        let rows = host.backends.hostgroups.members.map { member in
            ServersTable.cells(
                of: member.row, unused: unused[ServerKey(member.row)] ?? [:], usualMaxConnections: usual)
        }
        return [ServersTable.name: rows]
    }

    func prepare(_ contents: TableContents) throws(ConfigurationFault) -> PreparedConfiguration {
        let servers = try ServersTable.read(contents[ServersTable.name] ?? [])
        let rows = servers.map(\.row)
        let unused = Dictionary(servers.map { (ServerKey($0.row), $0.unused) }) { first, _ in first }
        let warnings = servers.flatMap(\.warnings) + Self.limitWarnings(rows) + Self.useWarnings(rows)
        return PreparedConfiguration(warnings: warnings) { [self] in
            self.unused.withLock { $0 = unused }
            host.backends.change { $0 = rows }
        }
    }

    /// A server has one pool of connections, and that one limit.
    private static func limitWarnings(_ rows: [ServerRow]) -> [String] {
        var limits: [Endpoint: Set<Int>] = [:]
        for row in rows { limits[row.endpoint, default: []].insert(row.maxConnections ?? 0) }
        return limits.filter { $0.value.count > 1 }.map { endpoint, limits in
            "\(endpoint) has several max_connections (\(limits.sorted().map(String.init).joined(separator: ", "))): all "
                + "hostgroups share the connections of a server, and the largest limit counts"
        }.sorted()
    }

    private static func useWarnings(_ rows: [ServerRow]) -> [String] {
        let usual = [ServerRow.readWriteHostgroup, ServerRow.readOnlyHostgroup].first { hostgroup in
            rows.contains { $0.hostgroup == hostgroup }
        }
        guard !rows.contains(where: { $0.hostgroup == usual && $0.takesStatements }) else { return [] }
        return ["hostgroup 0 has no server to use: statements that no rule sends elsewhere fail"]
    }
}
