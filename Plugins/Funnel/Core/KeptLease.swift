import Locking
import Pooling

/// A lease between two statements of its session: the session takes it again, or the pool takes it back for somebody
/// else, whoever comes first. Neither takes a lock for it.
///
/// One a connection, for its life. The pool opens it with a grant; while it is open, giving back only marks it unused.
///
/// Invariant of the unchecked sendability: `book` and `connection` never change, `isListed` belongs to the pool's lock,
/// and the rest to whom `state` names: the connection's loop, but for the marked one that the pool has won by ``recall()``.
final class KeptLease: @unchecked Sendable {
    private enum State {
        /// The book decides: the lease has ended, or others wait.
        static let shut: UInt8 = 0
        /// The session has the connection.
        static let used: UInt8 = 1
        /// The session has given it back, and nobody has heard of it.
        static let unused: UInt8 = 2
    }

    let connection: ConnectionID
    private let state = Atomic<UInt8>(State.shut)
    /// Whether the pool has it on its list.
    var isListed = false
    /// How often it was taken again, and the time of all statements but the last.
    private(set) var times = 0
    private(set) var usedBefore = TimeSpan.zero
    /// The time of the last statement, and its end.
    private(set) var usedLast = TimeSpan.zero
    private(set) var endedAt = MonotonicTime(nanoseconds: 0)
    /// The state that the connection was left in.
    private(set) var fit = StateFit.unknown

    init(_ connection: ConnectionID) {
        self.connection = connection
    }

    // MARK: The connection's loop

    /// Whether it may be marked unused.
    var isOpen: Bool { state.load(ordering: .relaxed) == State.used }

    var isUnused: Bool { state.load(ordering: .relaxed) == State.unused }

    /// Marks it unused; whoever wants it may take it.
    func giveBack(used: TimeSpan, at end: MonotonicTime, fit: StateFit) {
        usedLast = used
        endedAt = end
        self.fit = fit
        // In one order with the pool's flag: whoever looks second sees what the other has done.
        state.store(State.unused, ordering: .sequentiallyConsistent)
    }

    /// Takes it again for a statement; false where the pool was faster, and the book has to be asked.
    func takeAgain() -> Bool {
        guard take() else { return false }
        times += 1
        usedBefore = TimeSpan(nanoseconds: usedBefore.nanoseconds &+ usedLast.nanoseconds)
        return true
    }

    /// Takes it to end it.
    func take() -> Bool { isUnused && exchange(State.unused, State.used) }

    /// It ends; what the book has not heard of.
    func end() -> (times: Int, used: TimeSpan) {
        guard take() || isOpen else { return (0, .zero) }
        let untold = (times, usedBefore)
        state.store(State.shut, ordering: .releasing)
        return untold
    }

    // MARK: The pool, under its lock

    /// A new lease, which may be kept.
    func open() {
        times = 0
        usedBefore = .zero
        usedLast = .zero
        state.store(State.used, ordering: .releasing)
    }

    /// Takes the lease back if nobody uses it.
    func recall() -> Bool {
        // A look first, as most are in use; in one order with the pool's flag, as ``giveBack(used:at:fit:)``.
        state.load(ordering: .sequentiallyConsistent) == State.unused && exchange(State.unused, State.shut)
    }

    private func exchange(_ old: UInt8, _ new: UInt8) -> Bool {
        state.compareExchange(expected: old, desired: new, ordering: .sequentiallyConsistent).exchanged
    }
}
