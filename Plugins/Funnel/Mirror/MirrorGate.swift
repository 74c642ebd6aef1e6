import Locking

/// How many copies of statements may run and wait at once, over all loops, and whose turn it is.
///
/// A copy waits on its own loop; here its loop waits in its place.
final class MirrorGate: Sendable {
    /// What becomes of a copy.
    enum Admission: Equatable, Sendable {
        /// It runs now, and ends by ``ended()``.
        case run
        /// It waits on its loop until that is told to run the next one.
        case wait
        /// There is no room.
        case drop
    }

    /// How many there are and have been.
    struct Numbers: Equatable, Sendable {
        var running = 0
        var waiting = 0
        var dropped: UInt64 = 0
    }

    fileprivate struct State {
        var mostRunning = 16
        var mostWaiting = 32_000
        var running = 0
        var dropped: UInt64 = 0
        var waitingBytes = 0
        /// The loops and lengths of those that wait; what stands before `first` has had its turn.
        var waiting: [(loop: Int, bytes: Int)] = []
        var first = 0
    }

    /// The most bytes of copies that wait.
    static let mostWaitingBytes = 64 << 20
    private let state = Lock(State())

    /// A copy of so many bytes has come on the loop.
    func arrived(on loop: Int, bytes: Int) -> Admission {
        state.withLock { state in
            if state.running < state.mostRunning {
                state.running += 1
                return .run
            }
            guard state.count < state.mostWaiting, state.waitingBytes + bytes <= Self.mostWaitingBytes else {
                state.dropped &+= 1
                return .drop
            }
            state.waiting.append((loop, bytes))
            state.waitingBytes += bytes
            return .wait
        }
    }

    /// A copy has had its answer.
    ///
    /// - Returns: the loop that is to run its next one; nil where none waits.
    func ended() -> Int? {
        state.withLock { state in
            state.running -= 1
            return state.next()
        }
    }

    /// The most copies that run at once.
    var mostRunning: Int { state.withLock { $0.mostRunning } }

    /// Changes the most copies that run at once.
    ///
    /// - Returns: the loops that are to run their next ones.
    func setMostRunning(_ most: Int) -> [Int] {
        state.withLock { state in
            state.mostRunning = most
            var loops: [Int] = []
            while let loop = state.next() { loops.append(loop) }
            return loops
        }
    }

    /// The most copies that wait; those that wait already stay.
    var mostWaiting: Int {
        get { state.withLock { $0.mostWaiting } }
        set(most) { state.withLock { $0.mostWaiting = most } }
    }

    var numbers: Numbers {
        state.withLock { Numbers(running: $0.running, waiting: $0.count, dropped: $0.dropped) }
    }
}

extension MirrorGate.State {
    fileprivate var count: Int { waiting.count - first }

    /// Has the next one run, if one waits and may.
    fileprivate mutating func next() -> Int? {
        guard running < mostRunning, count > 0 else { return nil }
        let (loop, bytes) = waiting[first]
        first += 1
        waitingBytes -= bytes
        running += 1
        if first == waiting.count || first > 4096 {
            waiting.removeFirst(first)
            first = 0
        }
        return loop
    }
}
