import FunnelPlugin
import MySQLWire
import PluginAPI
import Pooling
import Streams
import Synchronization

/// A loop whose clock stands until a test moves it.
final class HandLoop: LoopContext {
    let index: Int
    private(set) var now = MonotonicTime(nanoseconds: 1_000_000_000)
    let mailbox: any LoopMailbox
    private let posted = HandMailbox()
    private var scheduled: [(due: MonotonicTime, job: () -> Void)] = []

    init(index: Int) {
        self.index = index
        mailbox = posted
    }

    /// Does what is due, and what follows from it.
    ///
    /// - Returns: whether there was anything.
    @discardableResult
    func turn() -> Bool {
        var jobs = posted.take()
        jobs += scheduled.filter { $0.due <= now }.map(\.job)
        scheduled.removeAll { $0.due <= now }
        for job in jobs { job() }
        return !jobs.isEmpty
    }

    func pass(_ span: TimeSpan) {
        now = now + span
    }

    func schedule(at time: MonotonicTime, _ job: @escaping () -> Void) { scheduled.append((time, job)) }

    // Nobody connects here.
    func connect(to endpoint: Endpoint, timeout: TimeSpan, handler: StreamHandler, tag: UInt8) -> ByteStream {
        ByteStream(handler: handler, tag: tag)
    }

    func parkedConnections(to backend: Backend, user: [UInt8]) -> Int { 0 }
    func setDeadline(_ deadline: MonotonicTime?, for handler: StreamHandler) {}
    func detach(_ stream: ByteStream) -> (any DetachedStream)? { nil }
    func adopt(_ stream: any DetachedStream, handler: StreamHandler, tag: UInt8) -> ByteStream? { nil }
    func probe(_ endpoint: Endpoint, timeout: TimeSpan, _ completion: @escaping (Bool) -> Void) {}
}

/// Keeps jobs until their loop takes them.
///
/// Invariant of the unchecked sendability: tests run their loops on one thread.
private final class HandMailbox: LoopMailbox, @unchecked Sendable {
    private var jobs: [() -> Void] = []

    func post(_ job: @escaping @Sendable () -> Void) { jobs.append(job) }

    func take() -> [() -> Void] {
        defer { jobs = [] }
        return jobs
    }
}
