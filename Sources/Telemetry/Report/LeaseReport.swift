package import Pooling

/// What a lease book tells of one backend at a moment: taken under the book's lock, read without it.
package struct LeaseReport: Sendable {
    /// The limit of connections.
    package let maximum: Int
    package let isDraining: Bool
    /// For how long the backend has been down; nil where it is up.
    package let downFor: TimeSpan?
    /// All users together.
    package let all: LeaseFigures
    /// Each user, at its number.
    package let users: [LeaseFigures]

    package init(book: borrowing LeaseBook, now: MonotonicTime) {
        maximum = book.policy.maximum
        isDraining = book.isDraining
        downFor = book.downSince.map { now.since($0) }
        all = LeaseFigures(
            connections: book.connectionCounts, waiting: book.waiting, oldestWait: book.oldestWait(now: now),
            statistics: book.statistics)
        var users: [LeaseFigures] = []
        for user in (0..<book.userCount).map(UserID.init) {
            users.append(
                LeaseFigures(
                    connections: book.connectionCounts(of: user), waiting: book.waiting(of: user),
                    oldestWait: book.oldestWait(of: user, now: now), statistics: book.statistics(of: user)))
        }
        self.users = users
    }
}

/// What a lease book has counted, of a backend or of one user there.
package struct LeaseFigures: Sendable {
    /// Connections now, by state.
    package var connections = StateCounts()
    /// Requests in the backlog now.
    package var waiting = 0
    /// How long the oldest of them has waited.
    package var oldestWait = TimeSpan.zero
    /// Since the start.
    package var statistics = LeaseStatistics()

    /// Whether anything ever happened.
    var isEmpty: Bool { connections.total == 0 && statistics.requests == 0 && statistics.opened == 0 }
}

/// What the backlog of connects tells at a moment.
package struct ConnectBacklogReport: Sendable {
    /// Clients inside.
    package let admitted: Int
    /// The most that are let in.
    package let maximum: Int
    package let waiting: Int
    package let oldestWait: TimeSpan
    package let statistics: ConnectBacklog.Statistics

    package init(backlog: ConnectBacklog, now: MonotonicTime) {
        admitted = backlog.admitted
        maximum = backlog.policy.maximum
        waiting = backlog.waiting
        oldestWait = backlog.oldestWait(now: now)
        statistics = backlog.statistics
    }
}
