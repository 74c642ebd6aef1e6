internal import Pooling

/// The report as JSON: times are whole microseconds; reasons and phases that never occurred are left out.
extension FunnelReport: Encodable {
    package func encode(to encoder: any Encoder) throws {
        var object = encoder.container(keyedBy: ReportKey.self)
        try object.encode(backends, forKey: "backends")
        try object.encodeIfPresent(connectBacklog, forKey: "connect_backlog")
        try object.encode(pinned, forKey: "pinned")
    }
}

extension FunnelReport.Backend: Encodable {
    package func encode(to encoder: any Encoder) throws {
        try all.encode(to: encoder)
        var object = encoder.container(keyedBy: ReportKey.self)
        try object.encode(name, forKey: "name")
        try object.encode(leases.maximum, forKey: "max")
        try object.encode(leases.isDraining, forKey: "draining")
        try object.encode(leases.downFor == nil, forKey: "up")
        try object.encodeIfPresent(leases.downFor?.microseconds, forKey: "down_us")
        try object.encode(users, forKey: "users")
    }
}

extension FunnelReport.User: Encodable {
    package func encode(to encoder: any Encoder) throws {
        try pool.encode(to: encoder)
        var object = encoder.container(keyedBy: ReportKey.self)
        try object.encode(name, forKey: "name")
    }
}

extension PoolReport: Encodable {
    package func encode(to encoder: any Encoder) throws {
        var object = encoder.container(keyedBy: ReportKey.self)
        try object.encode(leases.connections.byState, forKey: "connections")
        try encodeBook(leases.statistics, in: &object)
        try encodeBacklog(in: &object)
        try object.encode(counters.statements, forKey: "statements")
        try object.encode(counters.resets, forKey: "resets")
        try object.encode(counters.retries, forKey: "retries")
        try object.encode(["hits": counters.preparedHits, "misses": counters.preparedMisses], forKey: "prepared")
        var phases: [String: LatencySummary] = [:]
        for phase in FunnelPhase.allCases { phases[reportKey("\(phase)")] = self[phase].summary }
        try object.encode(phases, forKey: "phases")
    }

    private func encodeBook(_ book: LeaseStatistics, in object: inout KeyedEncodingContainer<ReportKey>) throws {
        try object.encode(book.opened, forKey: "opened")
        try object.encode(book.openFailures, forKey: "open_failures")
        try object.encode(occurred(CloseReason.self) { book.closed[$0] }, forKey: "closed")
        let grants = [
            "all": book.grants, "at_once": book.grantsAtOnce, "own": book.ownGrants, "carried": book.carried,
        ]
        try object.encode(grants, forKey: "grants")
        let pins = [
            "now": occurred(PinReason.self) { book.pinsNow[$0] }, "all": occurred(PinReason.self) { book.pins[$0] },
        ]
        try object.encode(pins, forKey: "pins")
    }

    private func encodeBacklog(in object: inout KeyedEncodingContainer<ReportKey>) throws {
        let book = leases.statistics
        var backlog = object.nestedContainer(keyedBy: ReportKey.self, forKey: "backlog")
        try backlog.encode(leases.waiting, forKey: "waiting")
        try backlog.encode(leases.oldestWait.microseconds, forKey: "oldest_wait_us")
        try backlog.encode(book.peakWaiting, forKey: "peak")
        try backlog.encode(book.refusals[.timeout], forKey: "timeouts")
        try backlog.encode(book.cancelled, forKey: "cancelled")
        try backlog.encode(occurred(RefusalReason.self) { book.refusals[$0] }, forKey: "refusals")
    }
}

extension ConnectBacklogReport: Encodable {
    package func encode(to encoder: any Encoder) throws {
        var object = encoder.container(keyedBy: ReportKey.self)
        try object.encode(admitted, forKey: "clients")
        try object.encode(maximum, forKey: "max")
        try object.encode(waiting, forKey: "waiting")
        try object.encode(oldestWait.microseconds, forKey: "oldest_wait_us")
        try object.encode(statistics.peakWaiting, forKey: "peak")
        try object.encode(statistics.arrived, forKey: "arrived")
        try object.encode(statistics.admitted, forKey: "admitted")
        try object.encode(statistics.timeouts, forKey: "timeouts")
        try object.encode(statistics.refusals, forKey: "refusals")
        try object.encode(statistics.cancelled, forKey: "cancelled")
    }
}

extension LatencySummary: Encodable {
    package func encode(to encoder: any Encoder) throws {
        var object = encoder.container(keyedBy: ReportKey.self)
        try object.encode(count, forKey: "count")
        try object.encode(mean.microseconds, forKey: "mean_us")
        try object.encode(min.microseconds, forKey: "min_us")
        try object.encode(p50.microseconds, forKey: "p50_us")
        try object.encode(p90.microseconds, forKey: "p90_us")
        try object.encode(p99.microseconds, forKey: "p99_us")
        try object.encode(p999.microseconds, forKey: "p999_us")
        try object.encode(max.microseconds, forKey: "max_us")
    }
}

extension StateCounts {
    fileprivate var byState: [String: Int] {
        Dictionary(uniqueKeysWithValues: LeaseState.allCases.map { ("\($0)", self[$0]) })
    }
}

extension TimeSpan {
    fileprivate var microseconds: UInt64 { nanoseconds / 1000 }
}

/// The reasons that have occurred, with how often.
private func occurred<Reason: CaseIterable>(_ reasons: Reason.Type, _ count: (Reason) -> Int) -> [String: Int] {
    var counts: [String: Int] = [:]
    for reason in reasons.allCases where count(reason) != 0 { counts[reportKey("\(reason)")] = count(reason) }
    return counts
}

/// The words in lower case, joined by `_`: `backlogFull`, `temporary table` and `LOCK TABLES` become `backlog_full`,
/// `temporary_table` and `lock_tables`.
func reportKey(_ words: String) -> String {
    var key = ""
    var isAfterLowercase = false
    for letter in words {
        if letter.isUppercase && isAfterLowercase { key += "_" }
        key += letter == " " ? "_" : letter.lowercased()
        isAfterLowercase = letter.isLowercase
    }
    return key
}

/// A key of a report's object.
struct ReportKey: CodingKey, ExpressibleByStringLiteral {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init(stringLiteral value: String) { stringValue = value }
    init?(intValue: Int) { nil }
}
