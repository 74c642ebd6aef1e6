import Locking
import PluginAPI
import Pooling
import Telemetry

/// `stats_mysql_connection_pool`: a row for each server of each hostgroup.
///
/// A server's hostgroups share its connections, and each of its rows tells all of them.
final class ConnectionPoolTable: Sendable {
    private let funnel: Funnel
    /// What was counted when the numbers were last set back, by backend.
    private let past = Lock<[Int: PoolCounts]>([:])

    init(_ funnel: Funnel) {
        self.funnel = funnel
    }

    static let definition: TableDefinition = {
        let texts: Set = ["srv_host", "status"]
        let columns = [
            "hostgroup", "srv_host", "srv_port", "status", "ConnUsed", "ConnFree", "ConnOK", "ConnERR", "MaxConnUsed",
            "Queries", "Queries_GTID_sync", "Bytes_data_sent", "Bytes_data_recv", "Latency_us",
        ]
        return TableDefinition(
            name: "stats_mysql_connection_pool", columns: columns, key: ["hostgroup", "srv_host", "srv_port"],
            body: columns.map { "\($0) \(texts.contains($0) ? "VARCHAR" : "INT")" }.joined(separator: ",\n"))
    }()

    func rows(reset: Bool) -> [[Cell]] {
        let traffic = funnel.traffic()
        let pools = funnel.pools
        let counts = pools.map { PoolCounts($0, traffic[$0.index]) }
        let since = past.withLock { past in
            let before = past
            if reset { past = Dictionary(uniqueKeysWithValues: zip(pools.map(\.index), counts)) }
            return before
        }
        if reset { for pool in pools { pool.forgetPeaks() } }
        return funnel.host.backends.hostgroups.members.compactMap { member in
            let index = member.backend.index
            guard counts.indices.contains(index) else { return nil }
            return Self.row(of: member, counts[index].since(since[index] ?? PoolCounts()))
        }
    }

    private static func row(of member: Hostgroups.Member, _ counts: PoolCounts) -> [Cell] {
        let (host, port): (String, Int) =
            switch member.backend.endpoint {
            case .tcp(let host, let port): (host, Int(port))
            case .unix(let path): (path, 0)
            }
        let isShunned = member.row.status == .online && member.backend.state == .down
        let numbers = [
            counts.used, counts.free, counts.opened, counts.failed, counts.mostUsed, counts.queries,
            counts.gtidReads, counts.sentBytes, counts.receivedBytes,
            Int(clamping: member.backend.latency.nanoseconds / 1000),
        ]
        let status = isShunned ? "SHUNNED" : "\(member.row.status)"
        return [Cell(member.row.hostgroup), .text(host), Cell(port), .text(status)] + numbers.map { Cell($0) }
    }
}

/// The numbers of one server's row.
private struct PoolCounts: Sendable {
    var used = 0
    var free = 0
    var mostUsed = 0
    var opened = 0
    var failed = 0
    var queries = 0
    var gtidReads = 0
    var sentBytes = 0
    var receivedBytes = 0

    init() {}

    init(_ pool: BackendPool, _ traffic: FunnelCounters?) {
        self = pool.look { PoolCounts($0) }
        queries = traffic?.statements ?? 0
        gtidReads = traffic?.gtidReads ?? 0
        sentBytes = traffic?.sentBytes ?? 0
        receivedBytes = traffic?.receivedBytes ?? 0
    }

    private init(_ book: borrowing LeaseBook) {
        let (now, ever) = (book.connectionCounts, book.statistics)
        used = now[.leased]
        free = now[.resting] + now[.checking]
        mostUsed = ever.peakLeased
        opened = ever.opened
        failed = ever.openFailures
    }

    /// What was counted since then; what is now stays as it is.
    func since(_ past: Self) -> Self {
        var counts = self
        counts.opened -= past.opened
        counts.failed -= past.failed
        counts.queries -= past.queries
        counts.gtidReads -= past.gtidReads
        counts.sentBytes -= past.sentBytes
        counts.receivedBytes -= past.receivedBytes
        return counts
    }
}

extension Funnel {
    /// The table, made once.
    var connectionPoolTable: StatisticsTable {
        let table = ConnectionPoolTable(self)
        return StatisticsTable(ConnectionPoolTable.definition, isResettable: true) { table.rows(reset: $0) }
    }

    /// What all loops have counted, by backend; empty where a loop doesn't answer. The caller's thread waits.
    fileprivate func traffic() -> [Int: FunnelCounters] {
        var sums: [Int: FunnelCounters] = [:]
        for counters in gathered({ $0.numbers.countersByBackend }) ?? [] {
            for (backend, counted) in counters.enumerated() { sums[backend, default: FunnelCounters()].add(counted) }
        }
        return sums
    }
}
