import Synchronization

/// Who gets which connection of one backend when: its leases, its backlog and its limits, as a value.
///
/// One book serves all event loops, so that limits and order hold over the whole process: its driver guards it by a
/// lock, and tells each loop the steps that concern it. Events are past-tense methods; what is to be done is appended to
/// `steps`, which the caller owns and empties. Time is an argument and never goes back.
///
/// Between any two events there is no waiter for whom there is a connection or a place: whatever frees capacity gives
/// it to the first waiter in the same event, so nothing polls. Capacity on its way covers a waiter: a connection being
/// opened or pinged covers one of its user, the place of one being closed is promised to the first without cover.
///
/// Events with an id whose connection or waiter is gone are races that were lost, and are dropped.
///
/// A book is never copied: there is one truth, and no copy of it is ever paid for.
package struct LeaseBook: ~Copyable, Sendable {
    /// The limits in force.
    package internal(set) var policy: LeasePolicy
    /// What has happened so far.
    package internal(set) var statistics = LeaseStatistics()
    /// The same by user.
    var userStatistics: [LeaseStatistics] = []
    /// Whether the backend is drained: nothing new is granted.
    package internal(set) var isDraining = false
    /// Whether a connection beside the book's looks at the backend: nothing is granted meanwhile.
    package internal(set) var isProbed = false
    /// Whether nothing is granted until the backend is resumed, and nobody is refused for having waited.
    package internal(set) var isPaused = false
    /// When it was resumed last: waiters' time runs from then at the earliest.
    var resumedAt = MonotonicTime(nanoseconds: 0)
    /// Since when the backend has been down.
    package internal(set) var downSince: MonotonicTime?

    // Waiters.
    var waiters = SlotTable<Waiter>()
    /// The links of the users' queues.
    var waiterChains = SlotChains()
    /// All waiters by arrival in time.
    var arrivals = IndexedHeap()
    /// Waiters to whom a place is promised, in order: one that a closing connection leaves, or a free one where no more
    /// connects may be under way.
    var promised = IndexedHeap()
    /// The largest key that was promised.
    var lastPromise: UInt64 = 0
    /// Whether a waiter without cover is older than one to whom a place is promised: its ticket came late, or it has
    /// lost its cover.
    var isPromiseOutOfOrder = false

    /// Waiters whom a connection covers that is being opened or pinged.
    var expecting = 0

    // Users.
    var users: [UserRecord] = []
    /// The users of each account, by the account's number: they share the limit of a user.
    var accounts: [[Int]] = []
    /// Users with waiters without cover who may have one connection more, the first to be served first.
    var standing = IndexedHeap()
    /// Fair queue: the virtual time that the service has come to.
    var virtualTime: UInt64 = 0
    /// Whose connections fill up the minimum.
    var keeper: UserID?

    // Connections.
    var connections = SlotTable<PooledConnection>()
    /// Resting connections, the one that was used longest ago first.
    var resting = SlotChain()
    var restingChains = SlotChains()
    /// Resting connections by user and loop, in the same order.
    var restingPlaces: [SlotChain] = []
    var placeChains = SlotChains()
    /// Resting connections by when they want a ping or an end.
    var chores = IndexedHeap()
    /// Connections by state.
    var counts = StateCounts()
    /// Pinned connections, each under its foremost reason.
    var pinned = PinCounts()
    var backOff: BackOff
    var jitter: UInt64
    let loops: Int
    var nextLoop = 0
    /// Keeps the book at one address, as atomics have to be. Of a struct that could be anywhere the compiler makes a copy for
    /// each call that only reads it: 576 bytes, thirty times a statement that waits.
    private let anchor = Atomic(false)

    /// An empty book for sessions on `loops` event loops; `seed` decides by how much connections retire early.
    package init(policy: LeasePolicy, loops: Int, seed: UInt64) {
        self.policy = policy
        self.loops = max(1, loops)
        backOff = BackOff(first: policy.firstBackOff, longest: policy.longestBackOff)
        jitter = seed
    }

    /// Whether anybody waits.
    package var isContended: Bool { waiters.count > 0 }

    /// Whether connections are granted.
    package var isServing: Bool { downSince == nil && !isDraining && !isPaused && !isProbed }

    func id(ofConnection slot: Int) -> ConnectionID {
        ConnectionID(slot: UInt32(slot), generation: connections.generation(of: slot))
    }

    func id(ofWaiter slot: Int) -> WaiterID {
        WaiterID(slot: UInt32(slot), generation: waiters.generation(of: slot))
    }

    func slot(of connection: ConnectionID) -> Int? {
        connections.slot(connection.slot, generation: connection.generation)
    }

    func slot(of waiter: WaiterID) -> Int? {
        waiters.slot(waiter.slot, generation: waiter.generation)
    }
}

/// What capacity is on its way to a waiter.
enum Cover: UInt8, BitwiseCopyable, Sendable {
    case none
    /// A place is promised.
    case promise
    /// A connection of its user is being opened or pinged.
    case connection
}

/// A request in the backlog.
struct Waiter: BitwiseCopyable, Sendable {
    let session: SessionID
    let user: UserID
    let loop: LoopID
    let ticket: UInt64
    let arrived: MonotonicTime
    /// What state it wants its connection to be in.
    let state: StateFit
    var cover = Cover.none
}

/// What is known of one user.
struct UserRecord: BitwiseCopyable, Sendable {
    /// Its account, by the number of one of the account's users.
    var account: Int
    /// Waiters by their cover, each queue by ticket.
    var queues = InlineArray<3, SlotChain>(repeating: SlotChain())
    /// Connections by state.
    var counts = StateCounts()
    /// Backend time had, measured or expected, on the scale of all users' service; in nanoseconds.
    var virtualTime: UInt64 = 0
    /// What a lease is expected to take, in nanoseconds.
    var expected: UInt64 = 0

    subscript(cover: Cover) -> SlotChain {
        get { queues[Int(cover.rawValue)] }
        _modify { yield &queues[Int(cover.rawValue)] }
    }

    var waiting: Int { queues[0].count + queues[1].count + queues[2].count }

    init(account: Int) { self.account = account }

    /// Connections that are its own soon.
    var coming: Int { counts[.opening] + counts[.checking] }
}

/// Where a connection stands.
package enum LeaseState: UInt8, BitwiseCopyable, CaseIterable, Sendable {
    case opening
    case resting
    case checking
    case leased
    case closing
}

/// A connection, from the permission to open it on.
struct PooledConnection: BitwiseCopyable, Sendable {
    var state: LeaseState
    let user: UserID
    var loop: LoopID
    /// Who used it last.
    var session: SessionID?
    /// The state that it was left in.
    var fit = StateFit.unknown
    var pins = PinSet()
    /// When it is too old.
    var retirement = MonotonicTime(nanoseconds: .max)
    /// What its user was charged in advance for the lease, in nanoseconds.
    var charged: UInt64 = 0

    /// The waiter gets it; the loop that it comes from, and whether the session has used it last.
    mutating func lend(to waiter: Waiter, charged: UInt64) -> (source: LoopID, isOwn: Bool) {
        let before = (source: loop, isOwn: session == waiter.session)
        (loop, session, self.charged) = (waiter.loop, waiter.session, charged)
        return before
    }
}

/// Connections by state.
package struct StateCounts: BitwiseCopyable, Sendable {
    private var counts = InlineArray<5, Int>(repeating: 0)
    /// All of them.
    package private(set) var total = 0

    package init() {}

    package internal(set) subscript(state: LeaseState) -> Int {
        get { counts[Int(state.rawValue)] }
        set {
            total += newValue - counts[Int(state.rawValue)]
            counts[Int(state.rawValue)] = newValue
        }
    }

    /// Counts one of them under another state.
    mutating func move(from old: LeaseState, to new: LeaseState) {
        counts[Int(old.rawValue)] -= 1
        counts[Int(new.rawValue)] += 1
    }
}
