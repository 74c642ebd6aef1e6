import Locking
import MySQLWire
import PluginAPI
import Pooling
import Synchronization

/// The connections of one backend, over all loops: its lease book behind a lock, and the way to the loops.
///
/// Whoever tells the book an event performs its steps after the lock is free: those of its own loop at once, the others by
/// the loops' mailboxes.
final class BackendPool: Sendable {
    let backend: Backend
    /// The pool's place among the pools.
    let index: Int
    private let book: Lock<LeaseBook>
    private let loops: LoopTable
    private let alarm: Alarm
    /// Statements that have a connection or wait for one.
    private let outstandingCount = Atomic<Int>(0)
    private let greeted = Lock<Greeting?>(nil)
    private let followed = Atomic<Bool>(false)

    init(backend: Backend, index: Int, policy: LeasePolicy, loops: LoopTable, seed: UInt64) {
        self.backend = backend
        self.index = index
        self.loops = loops
        alarm = Alarm(loops: loops)
        book = Lock(LeaseBook(policy: policy, loops: loops.count, seed: seed))
        backend.setMeter { [weak self] in self?.look { ServerUsage($0) } ?? ServerUsage(busy: 0, free: 0) }
    }

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

    /// Tells the book an event, and has its steps performed.
    @discardableResult
    func tell<Answer: BitwiseCopyable & Sendable>(
        from worker: FunnelWorker,
        _ event: (inout LeaseBook, MonotonicTime, inout [LeaseStep]) -> Answer
    ) -> Answer {
        var steps = worker.takeStepBuffer()
        let now = worker.loop.now
        let (answer, due) = book.withLock { book in (event(&book, now, &steps), book.nextDue) }
        if alarm.isTooLate(for: due) { setAlarm(for: due) }
        for step in steps { dispatch(step, from: worker) }
        worker.giveBack(stepBuffer: consume steps)
        return answer
    }

    /// The most connections at once are counted anew from now on.
    func forgetPeaks() { book.withLock { $0.peaksForgotten() } }

    /// A look at the book.
    func look<Answer: Sendable>(_ question: (borrowing LeaseBook) -> Answer) -> Answer {
        book.withLock { question($0) }
    }

    // MARK: Steps

    private func dispatch(_ step: LeaseStep, from worker: FunnelWorker) {
        let loop = step.performingLoop.number
        if loop == worker.index {
            worker.perform(step, of: self)
        } else {
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
    var isMariaDB: Bool { serverVersion.contains("MariaDB") }
}
