import Pooling

/// Who asks the cache, and on what terms.
struct CacheReader: BitwiseCopyable, Sendable {
    /// How long its rule lets answers live.
    var ttl: TimeSpan
    /// Where to tell it that a wait is over; nil for a reader that waits for nobody, and nobody for it.
    ///
    /// So reads a session inside a transaction: what it is given isn't for others, and it may hold a lock that the
    /// execution it waited for needs.
    var address: CacheAddress?
    /// How long it waits for another's execution, and others for its own.
    var patience: TimeSpan
}

/// A waiting session, in its loop's own words; the cache only hands it back.
struct CacheAddress: BitwiseCopyable, Hashable, Sendable {
    /// The loop whose mailbox the notice goes to.
    var loop: Int
    /// The session, by a number that is never used again.
    var session: UInt64
}

/// What the cache has for a statement.
enum CacheLookup: Sendable {
    /// The answer.
    case hit(CachedAnswer)
    /// Execute the statement; the lead is to be ended by one of ``QueryCache``'s ways, and once.
    case miss(CacheLead)
    /// Another session executes it: a notice comes, unless the wait is given up.
    case wait(CacheWait)
}

/// The right and the duty to execute a statement for all who ask for its answer.
struct CacheLead: Sendable {
    let key: CacheKey
    let ttl: TimeSpan
    /// Which flushes came before; an answer from before a flush isn't kept behind it.
    let epoch: UInt64
    /// The number of the execution that others wait for; nil where nobody may.
    let turn: UInt64?
}

/// A place among those who wait for an execution.
struct CacheWait: Hashable, Sendable {
    let key: CacheKey
    let flight: UInt64
    let place: Int
    /// When to give up.
    let until: MonotonicTime
}

/// The end of a wait; whoever was handed it posts it to the address.
struct CacheNotice: Sendable {
    /// How a wait ends.
    enum Outcome: Sendable {
        /// The answer has come.
        case answer(CachedAnswer)
        /// The leader is gone: the statement is to be executed, the others wait on.
        ///
        /// A session that has gone or given up meanwhile passes the lead on with ``QueryCache/abandon(_:now:)``.
        case lead(CacheLead)
        /// The answer isn't kept: each executes the statement for itself.
        case alone
    }

    let address: CacheAddress
    let wait: CacheWait
    let outcome: Outcome
}
