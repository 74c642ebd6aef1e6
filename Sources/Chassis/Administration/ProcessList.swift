import MySQLWire
import PluginAPI
import Pooling

/// `stats_mysql_processlist`: a row for each proxied session, in the order of their numbers.
struct ProcessList: Sendable {
    let loops: LoopRoster
    let host: HostServices

    /// So many sessions are looked at before a loop goes on with its other work.
    private static let partSize = 256

    static let columns = [
        "ThreadID", "SessionID", "user", "db", "cli_host", "cli_port", "hostgroup", "l_srv_host", "l_srv_port",
        "srv_host", "srv_port", "command", "time_ms", "info", "status_flags", "extended_info",
    ]

    var table: StatisticsTable {
        let texts: Set = ["user", "db", "cli_host", "l_srv_host", "srv_host", "command", "info", "extended_info"]
        let definition = TableDefinition(
            name: "stats_mysql_processlist", columns: Self.columns, key: ["SessionID"],
            body: Self.columns.map { "\($0) \(texts.contains($0) ? "VARCHAR" : "INT")" }.joined(separator: ",\n"))
        return StatisticsTable(definition, isMetric: false) { _ in rows() }
    }

    private func rows() -> [[Cell]] {
        let hostgroups = host.backends.hostgroups
        let sessions = loops.askInParts { runtime, first in runtime.sessions(from: first, atMost: Self.partSize) }
        return sessions.sorted { $0.id < $1.id }.map { $0.row(hostgroups) }
    }
}

extension ListedSession {
    /// The columns of `stats_mysql_processlist`.
    fileprivate func row(_ hostgroups: Hostgroups) -> [Cell] {
        let user = activity.user.isEmpty && activity.isLoggingIn ? "unauthenticated user" : activity.user
        let words = activity.isLoggingIn ? "Connect" : activity.command?.processListWord ?? "Sleep"
        let home = hostgroups.members.first { $0.backend === activity.backend }?.row.hostgroup
        let text = activity.text.map { String(decoding: $0, as: UTF8.self) }
        return [
            Cell(loop), Cell(id), .text(user),
            activity.schema.isEmpty ? .null : .text(String(decoding: activity.schema, as: UTF8.self)),
        ] + Self.place(clientAddress) + [Cell(activity.hostgroup ?? home ?? hostgroups.usual)]
            + Self.place(activity.backendLocalAddress) + server + [
                .text(words), Cell(time.nanoseconds / 1_000_000), Cell(text), Cell(activity.status.rawValue),
                Cell(details),
            ]
    }

    /// A host and a port; a unix socket's client is on this machine.
    private static func place(_ address: String?) -> [Cell] {
        guard let address, !address.isEmpty else { return [.null, .null] }
        guard !address.hasPrefix("/"), let colon = address.lastIndex(of: ":") else {
            return [.text("localhost"), .null]
        }
        let port = Int(address[address.index(after: colon)...])
        return [.text(String(address[..<colon])), port.map { Cell($0) } ?? .null]
    }

    private var server: [Cell] {
        switch activity.backend?.endpoint {
        case nil: [.null, .null]
        case .tcp(let host, let port): [.text(host), Cell(port)]
        case .unix(let path): [.text(path), .integer(0)]
        }
    }

    /// What else is known, as a JSON object; nil where nothing is.
    private var details: String? {
        var members: [String] = []
        if activity.isWaiting { members.append(#""waiting":true"#) }
        if !activity.pins.isEmpty {
            members.append("\"pins\":[\(activity.pins.map { "\"\($0)\"" }.joined(separator: ","))]")
        }
        if let id = activity.backendConnectionID { members.append("\"server_connection\":\(id)") }
        return members.isEmpty ? nil : "{\(members.joined(separator: ","))}"
    }
}

extension Command {
    /// The command as MySQL's process list names it.
    fileprivate var processListWord: String {
        switch self {
        case .query: "Query"
        case .execute, .bulkExecute: "Execute"
        case .prepare: "Prepare"
        case .initDB: "Init DB"
        case .fieldList: "Field List"
        case .ping: "Ping"
        case .statistics: "Statistics"
        case .changeUser: "Change user"
        case .resetConnection: "Reset Connection"
        case .sendLongData: "Long Data"
        case .closeStatement: "Close stmt"
        case .resetStatement: "Reset stmt"
        case .fetch: "Fetch"
        case .setOption: "Set option"
        case .processKill: "Kill"
        case .processInfo: "Processlist"
        case .binlogDump: "Binlog Dump"
        case .binlogDumpGTID: "Binlog Dump GTID"
        case .registerReplica: "Register Slave"
        case .shutdown: "Shutdown"
        case .refresh: "Refresh"
        case .quit: "Quit"
        case .sleep: "Sleep"
        case _: description
        }
    }
}
