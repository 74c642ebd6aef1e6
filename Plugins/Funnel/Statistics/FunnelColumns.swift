import PluginAPI
import Pooling
import Telemetry

/// The columns of `stats_funnel`, behind the server's.
enum FunnelColumns {
    /// A number that is joined with another row's.
    enum Number: Sendable {
        /// Both are added up.
        case sum(Int)
        /// The larger one counts.
        case most(Int)

        func joined(with other: Self) -> Self {
            switch self {
            case .sum(let number): .sum(number + other.value)
            case .most(let number): .most(max(number, other.value))
            }
        }

        var cell: Cell { Cell(value) }

        private var value: Int {
            switch self {
            case .sum(let number), .most(let number): number
            }
        }
    }

    /// A column with where its number comes from; the user's name has none.
    struct Column: Sendable {
        let name: String
        let number: @Sendable (PoolReport) -> Int
    }

    private static let numbers: [Column] =
        LeaseState.allCases.map { state in
            Column(name: "\(state)") { $0.leases.connections[state] }
        } + [
            Column(name: "opened") { $0.leases.statistics.opened },
            Column(name: "open_failures") { $0.leases.statistics.openFailures },
            Column(name: "closed") { $0.leases.statistics.closed.total },
            Column(name: "requests") { $0.leases.statistics.requests },
            Column(name: "grants") { $0.leases.statistics.grants },
            Column(name: "grants_at_once") { $0.leases.statistics.grantsAtOnce },
            Column(name: "grants_own") { $0.leases.statistics.ownGrants },
            Column(name: "grants_carried") { $0.leases.statistics.carried },
            Column(name: "statements") { $0.counters.statements },
            Column(name: "bytes_sent") { $0.counters.sentBytes },
            Column(name: "bytes_recv") { $0.counters.receivedBytes },
            Column(name: "resets") { $0.counters.resets },
            Column(name: "retries") { $0.counters.retries },
            Column(name: "prepared_hits") { $0.counters.preparedHits },
            Column(name: "prepared_misses") { $0.counters.preparedMisses },
        ]

    /// The names of all columns.
    static let names = ["username"] + numbers.map(\.name)

    /// The numbers of a user.
    static func row(_ pool: PoolReport) -> [Number] { numbers.map { .sum($0.number(pool)) } }
}

/// The rows of `stats_latency` for one server.
enum LatencyRows {
    static let columns = [
        "phase", "count", "sum_us", "mean_us", "min_us", "p50_us", "p90_us", "p99_us", "p999_us", "max_us",
    ]

    /// A row for each phase that has occurred; the phases of a statement add up to `total`, with `other` for what none of
    /// them is. `connect` is none of a statement's: who opens a connection isn't who waits for one.
    static func rows(of pool: PoolReport) -> [[Cell]] {
        let rows = FunnelPhase.allCases.compactMap { phase in row(phase.word, pool[phase]) }
        let parts = FunnelPhase.allCases.filter { $0 != .connect && $0 != .total }
        let (total, sum) = (pool[.total], parts.reduce(UInt64(0)) { $0 &+ pool[$1].total.nanoseconds })
        guard total.count > 0 else { return rows }
        let other = (total.total.nanoseconds > sum ? total.total.nanoseconds - sum : 0) / 1000
        let mean = other / UInt64(total.count)
        return rows + [
            [.text("other"), Cell(total.count), Cell(other), Cell(mean)] + Array(repeating: .null, count: 6)
        ]
    }

    private static func row(_ word: String, _ times: LatencySnapshot) -> [Cell]? {
        guard let summary = times.summary else { return nil }
        let spans = [
            summary.mean, summary.min, summary.p50, summary.p90, summary.p99, summary.p999, summary.max,
        ]
        return [.text(word), Cell(summary.count), Cell(times.total.nanoseconds / 1000)]
            + spans.map { Cell($0.nanoseconds / 1000) }
    }
}

extension FunnelPhase {
    /// The phase as JSON and tables name it.
    fileprivate var word: String {
        switch self {
        case .backlogWait: "backlog_wait"
        case .connect: "connect"
        case .stateReplay: "state_replay"
        case .backendTime: "backend_time"
        case .transfer: "transfer"
        case .total: "total"
        }
    }
}
