import PluginAPI
import Pooling
import Telemetry

/// The funnel's own statistics: what SIGUSR1 reports, as tables.
struct FunnelTables: Sendable {
    let funnel: Funnel

    var all: [StatisticsTable] {
        [
            table("stats_funnel", FunnelColumns.names, texts: ["username"], key: ["username"]) { server in
                server.byUser { FunnelColumns.row($0) }
            },
            backlogTable,
            table("stats_funnel_pins", ["reason", "count", "sessions"], texts: ["reason"], key: ["reason"]) { server in
                let book = server.backend.leases.all.statistics
                return PinReason.allCases.map { reason in
                    [.text("\(reason)"), Cell(book.pins[reason]), Cell(book.pinsNow[reason])]
                }
            },
            table("stats_latency", LatencyRows.columns, texts: ["phase"], key: ["phase"]) { server in
                LatencyRows.rows(of: server.backend.all)
            },
            funnel.loopsTable,
        ]
    }

    /// A server with its part of a report.
    struct Server {
        let endpoint: Endpoint
        let backend: FunnelReport.Backend

        /// The server's name and port; a unix socket's path has port 0.
        var place: [Cell] {
            switch endpoint {
            case .tcp(let host, let port): [.text(host), Cell(port)]
            case .unix(let path): [.text(path), .integer(0)]
            }
        }

        /// One row for each name; users who differ in how they have logged in are one here.
        func byUser(_ row: (PoolReport) -> [FunnelColumns.Number]) -> [[Cell]] {
            var names: [String] = []
            var sums: [String: [FunnelColumns.Number]] = [:]
            for user in backend.users {
                let row = row(user.pool)
                if let sum = sums[user.name] {
                    sums[user.name] = zip(sum, row).map { $0.joined(with: $1) }
                } else {
                    names.append(user.name)
                    sums[user.name] = row
                }
            }
            return names.map { name in [.text(name)] + (sums[name] ?? []).map(\.cell) }
        }
    }

    private func servers() -> [Server] {
        let pools = funnel.pools
        return zip(pools, funnel.reportNow().backends).map { Server(endpoint: $0.backend.endpoint, backend: $1) }
    }

    /// A table with some rows for each server, which the first two columns name.
    private func table(
        _ name: String, _ columns: [String], texts: Set<String>, key: [String],
        _ rows: @escaping @Sendable (Server) -> [[Cell]]
    ) -> StatisticsTable {
        let definition = Self.definition(
            name, ["srv_host", "srv_port"] + columns, texts: texts, key: ["srv_host", "srv_port"] + key)
        return StatisticsTable(definition) { _ in
            servers().flatMap { server in rows(server).map { server.place + $0 } }
        }
    }

    static func definition(
        _ name: String, _ columns: [String], texts: Set<String>, key: [String]
    ) -> TableDefinition {
        let texts = texts.union(["srv_host"])
        return TableDefinition(
            name: name, columns: columns, key: key,
            body: columns.map { "\($0) \(texts.contains($0) ? "VARCHAR" : "INT")" }.joined(separator: ",\n"))
    }

    // MARK: The backlogs

    private static let backlogColumns = [
        "backlog", "srv_host", "srv_port", "username", "length", "oldest_wait_us", "peak", "timeouts", "refused",
        "cancelled",
    ]

    /// Statements that wait for a server, each server's together (user name empty) and by user; clients that wait to be
    /// let in.
    private var backlogTable: StatisticsTable {
        let definition = Self.definition(
            "stats_funnel_backlog", Self.backlogColumns, texts: ["backlog", "username"],
            key: ["backlog", "srv_host", "srv_port", "username"])
        return StatisticsTable(definition) { _ in
            let pools = funnel.pools
            let report = funnel.reportNow()
            let statements = zip(pools, report.backends).flatMap { pool, backend in
                let server = Server(endpoint: pool.backend.endpoint, backend: backend)
                let all = [Cell.text("")] + Self.backlog(backend.leases.all).map(\.cell)
                return ([all] + server.byUser { Self.backlog($0.leases) }).map {
                    [.text("statements")] + server.place + $0
                }
            }
            return statements + (report.connectBacklog.map { [Self.clients($0)] } ?? [])
        }
    }

    private static func backlog(_ leases: LeaseFigures) -> [FunnelColumns.Number] {
        let book = leases.statistics
        return [
            .sum(leases.waiting), .most(Int(clamping: leases.oldestWait.nanoseconds / 1000)), .most(book.peakWaiting),
            .sum(book.refusals[.timeout]), .sum(book.refusals.total - book.refusals[.timeout]), .sum(book.cancelled),
        ]
    }

    private static func clients(_ backlog: ConnectBacklogReport) -> [Cell] {
        let counts = backlog.statistics
        let numbers = [
            backlog.waiting, Int(clamping: backlog.oldestWait.nanoseconds / 1000), counts.peakWaiting, counts.timeouts,
            counts.refusals, counts.cancelled,
        ]
        return [.text("clients"), .text(""), .null, .text("")] + numbers.map { Cell($0) }
    }
}
