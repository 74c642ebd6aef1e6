import Locking
import MySQLWire
import PluginAPI
import Pooling
import Synchronization

/// The connections of one backend, over all loops: its lease book behind a lock, and the way to the loops.
///
/// Whoever tells the book an event performs its steps after the lock is free: those of its own loop at once, the others by
/// the loops' mailboxes.
///
/// As long as nobody waits, sessions keep their leases between statements, and the book hears of it later
/// (``KeptLease``). The order that makes it safe: who gives back marks the lease unused, then looks whether connections
/// are wanted; who wants one says so, then looks for unused leases. One of the two sees the other.
final class BackendPool: Sendable {
    let backend: Backend
    /// The pool's place among the pools.
    let index: Int
    private let ledger: Lock<Ledger>
    /// Whether leases must come back to the book.
    private let wantsBack = Atomic<Bool>(true)
    private let loops: LoopTable<FunnelWorker>
    private let alarm: Alarm
    /// Statements that have a connection or wait for one.
    private let outstandingCount = Atomic<Int>(0)
    private let greeted = Lock<Greeting?>(nil)
    private let followed = Atomic<Bool>(false)
    /// What the server is known to have applied.
    private let applied = Lock(AppliedTransactions())

    init(backend: Backend, index: Int, policy: LeasePolicy, loops: LoopTable<FunnelWorker>, seed: UInt64) {
        self.backend = backend
        self.index = index
        self.loops = loops
        alarm = Alarm(loops: loops)
        ledger = Lock(Ledger(book: LeaseBook(policy: policy, loops: loops.count, seed: seed)))
    }

    /// What the server's connections do at this moment.
    var usage: ServerUsage { look { ServerUsage($0) } }

    /// Statements that have a connection of this backend or wait for one.
    var outstanding: Int { outstandingCount.load(ordering: .relaxed) }

    func countOutstanding(_ change: Int) {
        outstandingCount.wrappingAdd(change, ordering: .relaxed)
    }

    /// Whether loop 0 has begun to serve it.
    var isFollowed: Bool {
        get { followed.load(ordering: .relaxed) }
        set { followed.store(newValue, ordering: .relaxed) }
    }

    /// The backend's last greeting; nil before the first.
    var greeting: Greeting? {
        get { greeted.withLock { $0 } }
        set { greeted.withLock { $0 = newValue } }
    }

    /// Whether the server is known to have applied the transactions.
    func hasApplied(_ gtids: GTIDList) -> Bool { applied.withLock { $0.hold(gtids) } }

    /// The server has applied the transactions.
    func nowApplied(_ gtids: GTIDList) { applied.withLock { $0.add(gtids) } }

    /// A connection broke: the server may be another one behind it, or have lost its last transactions.
    func forgetApplied() { applied.withLock { $0 = AppliedTransactions() } }

    /// Whether a session may keep its lease between two statements.
    var letsKeep: Bool { !wantsBack.load(ordering: .sequentiallyConsistent) }

    /// A connection is about to be opened, with that lease.
    func enter(_ lease: KeptLease) { ledger.withLock { $0.enter(lease) } }

    /// A session needs a connection.
    ///
    /// - Returns: the id that the answer will have.
    func request(_ wish: LeaseRequest, from worker: FunnelWorker) -> WaiterID {
        change(from: worker) { ledger, now, steps in
            if !ledger.book.letsKeep || !ledger.book.hasOwnConnection(for: wish) { recall(&ledger) }
            return ledger.book.requested(wish, now: now, &steps)
        }
    }

    /// Tells the book an event, and has its steps performed.
    ///
    /// - Parameter frees: whether the event can only leave more for others, so that kept leases don't matter to it.
    @discardableResult
    func tell<Answer: BitwiseCopyable & Sendable>(
        from worker: FunnelWorker, frees: Bool = false,
        _ event: (inout LeaseBook, MonotonicTime, inout [LeaseStep]) -> Answer
    ) -> Answer {
        change(from: worker) { ledger, now, steps in
            if !frees { recall(&ledger) }
            return event(&ledger.book, now, &steps)
        }
    }

    private func change<Answer: BitwiseCopyable & Sendable>(
        from worker: FunnelWorker, _ event: (inout Ledger, MonotonicTime, inout [LeaseStep]) -> Answer
    ) -> Answer {
        var steps = worker.takeStepBuffer()
        let now = worker.loop.now
        let (answer, due) = locked(for: worker) { ledger in
            let answer = event(&ledger, now, &steps)
            settle(&ledger, steps)
            return (answer, ledger.book.nextDue)
        }
        if alarm.isTooLate(for: due) { setAlarm(for: due) }
        // Over a span, here and below, as the sequence of an array's elements counts references to the array.
        for index in steps.indices { dispatch(steps.span[index], from: worker) }
        worker.giveBack(stepBuffer: consume steps)
        return answer
    }

    /// Runs the body under the lock, and counts with the loop that it has, and whether it had to wait.
    private func locked<Answer: Sendable>(for worker: FunnelWorker, _ body: (inout Ledger) -> Answer) -> Answer {
        worker.ledgerWork.locked &+= 1
        if let answer = ledger.withLockIfAvailable({ body(&$0) }) { return answer }
        worker.ledgerWork.waits &+= 1
        return ledger.withLock { body(&$0) }
    }

    /// The most connections at once are counted anew from now on.
    func forgetPeaks() { ledger.withLock { $0.book.peaksForgotten() } }

    /// A look at the book.
    func look<Answer: Sendable>(_ question: (borrowing LeaseBook) -> Answer) -> Answer {
        let (answer, due) = ledger.withLock { ledger in
            recall(&ledger)
            settle(&ledger, [])
            return (question(ledger.book), ledger.book.nextDue)
        }
        if alarm.isTooLate(for: due) { setAlarm(for: due) }
        return answer
    }

    // MARK: Kept leases

    /// The book, and the leases that may be kept without its knowledge.
    private struct Ledger: ~Copyable {
        var book: LeaseBook
        /// All connections' leases, by the connections' slots.
        private var leases: [KeptLease?] = []
        /// Those that may be kept, and some that ended since.
        private(set) var listed: [KeptLease] = []

        init(book: consuming LeaseBook) {
            self.book = book
        }

        mutating func enter(_ lease: KeptLease) {
            let slot = Int(lease.connection.slot)
            while leases.count <= slot { leases.append(nil) }
            leases[slot] = lease
        }

        /// The connection was granted: its session may keep it.
        mutating func open(_ connection: ConnectionID) {
            guard let lease = leases[Int(connection.slot)], lease.connection == connection else { return }
            lease.open()
            guard !lease.isListed else { return }
            lease.isListed = true
            listed.append(lease)
        }

        /// Has the unused leases rest.
        mutating func recallUnused() {
            var count = 0
            for index in listed.indices where staysListed(at: index) {
                if index != count { listed.swapAt(index, count) }
                count += 1
            }
            while listed.count > count { listed.removeLast() }
        }

        /// Has the lease rest if nobody uses it; whether somebody does.
        ///
        /// Invariant of the look without a count of references: the list holds the lease, and doesn't change meanwhile.
        private mutating func staysListed(at index: Int) -> Bool {
            Unmanaged.passUnretained(listed[index])._withUnsafeGuaranteedRef { lease in
                if lease.recall() {
                    book.kept(lease.connection, times: lease.times, used: lease.usedBefore)
                    book.rested(lease.connection, used: lease.usedLast, state: lease.fit, since: lease.endedAt)
                } else if lease.isOpen, book.isLeased(lease.connection) {
                    return true
                }
                lease.isListed = false
                return false
            }
        }
    }

    /// Somebody is to choose among the connections: those that nobody uses are at rest from now on.
    private func recall(_ ledger: inout Ledger) {
        guard !ledger.listed.isEmpty else { return }
        wantsBack.store(true, ordering: .sequentiallyConsistent)
        ledger.recallUnused()
    }

    /// After an event: whether leases may be kept from now on, those among them that it has granted.
    private func settle(_ ledger: inout Ledger, _ steps: [LeaseStep]) {
        let letsKeep = ledger.book.letsKeep
        if letsKeep {
            for index in steps.indices {
                if case .grant(let grant) = steps.span[index] { ledger.open(grant.connection) }
            }
        }
        if wantsBack.load(ordering: .relaxed) == letsKeep {
            wantsBack.store(!letsKeep, ordering: .sequentiallyConsistent)
        }
    }

    // MARK: Steps

    private func dispatch(_ step: LeaseStep, from worker: FunnelWorker) {
        let loop = step.performingLoop.number
        if loop == worker.index {
            worker.perform(step, of: self)
        } else {
            worker.ledgerWork.sent &+= 1
            loops.post(to: loop) { [self] in $0.perform(step, of: self) }
        }
    }

    // MARK: Time

    private func setAlarm(for due: MonotonicTime?) {
        alarm.set(for: due) { [self] worker in
            tell(from: worker) { book, now, steps in book.timePassed(now: now, &steps) }
        }
    }
}

extension LeaseStep {
    /// The loop that has to do with it first.
    fileprivate var performingLoop: LoopID {
        switch self {
        case .grant(let grant): grant.source
        case .open(_, _, let loop), .close(_, let loop, _), .ping(_, let loop): loop
        case .refuse(let refusal): refusal.loop
        }
    }
}

extension ServerUsage {
    /// What the book says of its server's connections.
    fileprivate init(_ book: borrowing LeaseBook) {
        let counts = book.connectionCounts
        self.init(
            busy: counts[.leased], pinned: book.holdings.pinned.total, free: counts[.resting] + counts[.checking],
            waiting: book.waiting)
    }
}

extension Greeting {
    /// Whether it is MariaDB, whose clients know more than MySQL's.
    var isMariaDB: Bool {
        // By bytes: every client is greeted with it, and a search that knows of characters takes fifty times as long.
        let text = Array(serverVersion.utf8)
        return text.indices.contains { text[$0...].starts(with: Self.mariaDB) }
    }

    private static let mariaDB = Array("MariaDB".utf8)
}
