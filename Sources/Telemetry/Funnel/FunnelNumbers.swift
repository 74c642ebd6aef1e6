package import Pooling

/// What one event loop has counted for one user at one backend; what the lease book counts is not in here.
package struct FunnelNumbers: Sendable {
    package var counters = FunnelCounters()
    /// Where the time went.
    package var latencies = PhaseLatencies()

    package init() {}
}

/// Plain numbers since the start.
package struct FunnelCounters: BitwiseCopyable, Equatable, Sendable {
    /// Statements sent to the backend for clients.
    package var statements = 0
    /// Bytes of these, headers included.
    package var sentBytes = 0
    /// Bytes of their answers.
    package var receivedBytes = 0
    /// Connections cleaned by a reset before they went to another session.
    package var resets = 0
    /// Statements sent again on another connection, since the first one turned out dead.
    package var retries = 0
    /// Prepared statements that were executed where they were prepared already.
    package var preparedHits = 0
    /// Prepared statements that had to be prepared again.
    package var preparedMisses = 0
    /// Transactions that sessions have made and remember.
    package var gtidsRemembered = 0
    /// Statements that went to the backend once it had applied what they must see.
    package var gtidReads = 0
    /// Statements that went elsewhere, since the backend had not applied in time what they must see.
    package var gtidFallbacks = 0

    package init() {}

    /// Adds the other's.
    package mutating func add(_ other: Self) {
        statements += other.statements
        sentBytes += other.sentBytes
        receivedBytes += other.receivedBytes
        resets += other.resets
        retries += other.retries
        preparedHits += other.preparedHits
        preparedMisses += other.preparedMisses
        gtidsRemembered += other.gtidsRemembered
        gtidReads += other.gtidReads
        gtidFallbacks += other.gtidFallbacks
    }
}

/// All that one event loop has counted: its own value, changed on its thread only, copied to whoever asks.
package struct LoopNumbers: Sendable {
    private var backends: [[FunnelNumbers]] = []

    package init() {}

    /// Changes the numbers of a user at a backend, which is given by its number from 0 on.
    ///
    /// A closure and no settable subscript: the accessor's frame would be allocated on every statement.
    package mutating func update<Result>(
        backend: Int, user: UserID, _ change: (inout FunnelNumbers) -> Result
    ) -> Result {
        while backends.count <= backend { backends.append([]) }
        while backends[backend].count <= user.number { backends[backend].append(FunnelNumbers()) }
        return change(&backends[backend][user.number])
    }

    /// The numbers of a user at a backend; zero where none were changed.
    package subscript(backend: Int, user: UserID) -> FunnelNumbers {
        guard backends.indices.contains(backend), backends[backend].indices.contains(user.number) else {
            return FunnelNumbers()
        }
        return backends[backend][user.number]
    }

    /// The counters of every backend, over its users.
    package var countersByBackend: [FunnelCounters] {
        backends.map { users in
            users.reduce(into: FunnelCounters()) { $0.add($1.counters) }
        }
    }

    /// Users with numbers at the backend are numbered below this.
    package func userCount(at backend: Int) -> Int {
        backends.indices.contains(backend) ? backends[backend].count : 0
    }
}
