/// What a book has counted since its start; what is now is marked so.
package struct LeaseStatistics: BitwiseCopyable, Sendable {
    /// Requests of all kinds.
    package internal(set) var requests = 0
    /// Connections granted.
    package internal(set) var grants = 0
    /// Of these, without a wait.
    package internal(set) var grantsAtOnce = 0
    /// Of these, to the session that had the connection last.
    package internal(set) var ownGrants = 0
    /// Of these, to a session on another loop than the connection's.
    package internal(set) var carried = 0
    /// Requests refused.
    package internal(set) var refusals = RefusalCounts()
    /// Requests that were cancelled while they waited.
    package internal(set) var cancelled = 0
    /// The most that waited at once.
    package internal(set) var peakWaiting = 0
    /// The most connections that were granted at once; counted for the backend only.
    package internal(set) var peakLeased = 0
    /// Connections opened.
    package internal(set) var opened = 0
    /// Connects that failed.
    package internal(set) var openFailures = 0
    /// Connections that ended or are being closed, by reason.
    package internal(set) var closed = CloseCounts()
    /// Pins set.
    package internal(set) var pins = PinCounts()
    /// Pins in force now; a connection with several counts under each.
    package internal(set) var pinsNow = PinCounts()

    package init() {}
}

/// A number for each reason to refuse.
package struct RefusalCounts: BitwiseCopyable, Sendable {
    private var counts = InlineArray<5, Int>(repeating: 0)

    package internal(set) subscript(reason: RefusalReason) -> Int {
        get { counts[Int(reason.rawValue)] }
        set { counts[Int(reason.rawValue)] = newValue }
    }

    /// All reasons together.
    package var total: Int { RefusalReason.allCases.reduce(0) { $0 + self[$1] } }
}

/// A number for each reason to close.
package struct CloseCounts: BitwiseCopyable, Sendable {
    private var counts = InlineArray<7, Int>(repeating: 0)

    package internal(set) subscript(reason: CloseReason) -> Int {
        get { counts[Int(reason.rawValue)] }
        set { counts[Int(reason.rawValue)] = newValue }
    }

    /// All reasons together.
    package var total: Int { CloseReason.allCases.reduce(0) { $0 + self[$1] } }
}

extension LeaseBook {
    /// Counts for the backend and for the user.
    mutating func count(_ user: UserID, _ change: (inout LeaseStatistics) -> Void) {
        change(&statistics)
        change(&userStatistics[user.number])
    }

    /// What has happened so far for the user.
    package func statistics(of user: UserID) -> LeaseStatistics {
        user.number < users.count ? userStatistics[user.number] : LeaseStatistics()
    }

    /// Users are numbered below this.
    package var userCount: Int { users.count }

    /// Requests that wait now.
    package var waiting: Int { waiters.count }

    /// How long the oldest of them has waited.
    package func oldestWait(now: MonotonicTime) -> TimeSpan {
        arrivals.firstKey.map { now.since(MonotonicTime(nanoseconds: $0)) } ?? .zero
    }

    /// Connections now, by state.
    package var connectionCounts: StateCounts { counts }

    /// The user's connections now, by state.
    package func connectionCounts(of user: UserID) -> StateCounts {
        user.number < users.count ? users[user.number].counts : StateCounts()
    }

    /// The user's requests that wait now.
    package func waiting(of user: UserID) -> Int {
        user.number < users.count ? users[user.number].waiting : 0
    }

    /// How long the user's first waiter has waited.
    package func oldestWait(of user: UserID, now: MonotonicTime) -> TimeSpan {
        guard user.number < users.count else { return .zero }
        let heads = [Cover.none, .promise, .connection].compactMap { users[user.number][$0].first }
        return heads.map { now.since(waiters[$0].arrived) }.max() ?? .zero
    }

    /// The pins of the connection.
    package func pins(of connection: ConnectionID) -> PinSet {
        guard let slot = slot(of: connection) else { return PinSet() }
        return connections[slot].pins
    }
}
