internal import Pooling

/// The numbers of the whole funnel at a moment.
package struct FunnelReport: Sendable {
    /// One backend's numbers.
    package struct Backend: Sendable {
        package let name: String
        package let leases: LeaseReport
        /// All users together.
        package fileprivate(set) var all: PoolReport
        /// Those who have ever used the backend.
        package fileprivate(set) var users: [User] = []
    }

    /// One user's numbers at a backend.
    package struct User: Sendable {
        package let name: String
        package let pool: PoolReport
    }

    package private(set) var backends: [Backend] = []
    package let connectBacklog: ConnectBacklogReport?
    /// Who keeps a connection, whoever has had it longest first.
    package let pinned: [PinnedSession]

    /// Puts together what books and loops have handed over; for a thread that is no event loop's.
    ///
    /// - Parameters:
    ///   - backends: in the order of the numbers that `loops` were given.
    ///   - users: names as the clients gave them, each at its user's number.
    package init(
        backends: [(name: String, leases: LeaseReport)], users: [[UInt8]], loops: [LoopNumbers],
        connectBacklog: ConnectBacklogReport? = nil, pinned: [PinnedSession] = []
    ) {
        self.connectBacklog = connectBacklog
        self.pinned = pinned.sorted { $0.held > $1.held }
        for (number, backend) in backends.enumerated() {
            self.backends.append(
                Backend(number: number, name: backend.name, leases: backend.leases, users: users, loops: loops))
        }
    }
}

extension FunnelReport.Backend {
    fileprivate init(number: Int, name: String, leases: LeaseReport, users names: [[UInt8]], loops: [LoopNumbers]) {
        self.init(name: name, leases: leases, all: PoolReport(leases: leases.all))
        let count = loops.map { $0.userCount(at: number) }.reduce(leases.users.count, max)
        for user in 0..<count {
            var pool = PoolReport(leases: user < leases.users.count ? leases.users[user] : LeaseFigures())
            for loop in loops { pool.add(loop[number, UserID(user)]) }
            guard !pool.isEmpty else { continue }
            all.add(pool)
            let name = user < names.count ? String(decoding: names[user], as: UTF8.self) : "#\(user)"
            users.append(FunnelReport.User(name: name, pool: pool))
        }
    }
}

/// The numbers of a backend, or of one user there, over all loops.
package struct PoolReport: Sendable {
    package let leases: LeaseFigures
    package private(set) var counters = FunnelCounters()
    private var latencies = InlineArray<6, LatencySnapshot>(repeating: LatencySnapshot())

    init(leases: LeaseFigures) { self.leases = leases }

    /// The times of a phase.
    package subscript(phase: FunnelPhase) -> LatencySnapshot { latencies[Int(phase.rawValue)] }

    var isEmpty: Bool {
        leases.isEmpty && counters == FunnelCounters() && FunnelPhase.allCases.allSatisfy { self[$0].count == 0 }
    }

    mutating func add(_ numbers: FunnelNumbers) {
        counters.add(numbers.counters)
        for phase in FunnelPhase.allCases { latencies[Int(phase.rawValue)].merge(numbers.latencies[phase]) }
    }

    mutating func add(_ other: PoolReport) {
        counters.add(other.counters)
        for phase in FunnelPhase.allCases { latencies[Int(phase.rawValue)].merge(other[phase]) }
    }
}
