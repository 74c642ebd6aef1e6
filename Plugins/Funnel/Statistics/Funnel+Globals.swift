import PluginAPI
import Pooling
import Telemetry

extension Funnel {
    /// The funnel's part of `stats_mysql_global`.
    func globals() -> [NamedNumber] {
        let report = reportNow()
        func sum(_ number: (FunnelReport.Backend) -> Int) -> Int { report.backends.reduce(0) { $0 + number($1) } }
        func book(_ number: (LeaseStatistics) -> Int) -> Int { sum { number($0.leases.all.statistics) } }
        let states: [LeaseState] = [.resting, .checking, .leased]
        let spent: [FunnelPhase] = [.backendTime, .transfer]
        let clients = report.connectBacklog?.statistics
        let copies = mirrors.numbers
        return [
            NamedNumber("Active_Transactions", book { $0.pinsNow[.transaction] }),
            NamedNumber("Server_Connections_aborted", book { $0.openFailures + $0.closed[.lost] }),
            NamedNumber(
                "Server_Connections_connected",
                sum { backend in states.reduce(0) { $0 + backend.leases.all.connections[$1] } }),
            NamedNumber("Server_Connections_created", book { $0.opened }),
            NamedNumber("Queries_backends_bytes_recv", sum { $0.all.counters.receivedBytes }),
            NamedNumber("Queries_backends_bytes_sent", sum { $0.all.counters.sentBytes }),
            NamedNumber(
                "Backend_query_time_nsec",
                sum { backend in spent.reduce(0) { $0 + Int(clamping: backend.all[$1].total.nanoseconds) } }),
            NamedNumber("ConnPool_get_conn_immediate", book { $0.grantsAtOnce }),
            NamedNumber("ConnPool_get_conn_success", book { $0.grants }),
            NamedNumber("ConnPool_get_conn_failure", book { $0.refusals.total }),
            NamedNumber("GTID_session_collected", sum { $0.all.counters.gtidsRemembered }),
            NamedNumber("GTID_consistent_queries", sum { $0.all.counters.gtidReads + $0.all.counters.gtidFallbacks }),
            NamedNumber("GTID_fallback_queries", sum { $0.all.counters.gtidFallbacks }),
            NamedNumber("Stmt_Cached", statements.count),
            NamedNumber("Mirror_concurrency", copies.running),
            NamedNumber("Mirror_queue_length", copies.waiting),
            NamedNumber("Mirror_dropped", copies.dropped),
            NamedNumber("Access_Denied_Wrong_Password", accounts.denials.login),
            NamedNumber("Access_Denied_Max_Connections", (clients?.timeouts ?? 0) + (clients?.refusals ?? 0)),
            NamedNumber("Access_Denied_Max_User_Connections", accounts.denials.limit),
        ]
    }
}
