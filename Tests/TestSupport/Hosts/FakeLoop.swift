package import PluginAPI
package import Pooling
package import Streams
import Synchronization

/// A loop with a clock that the test moves.
package final class FakeLoop: LoopContext {
    /// The loop's number.
    package let index: Int
    /// What its clock shows.
    package private(set) var now = MonotonicTime(nanoseconds: 0)
    /// The probes begun so far: when, and where to.
    package private(set) var probes: [(time: MonotonicTime, endpoint: Endpoint)] = []
    /// What the probes find.
    package var isReachable = false
    private var jobs: [(time: MonotonicTime, job: () -> Void)] = []

    /// A loop whose clock shows zero.
    package init(index: Int = 0) {
        self.index = index
    }

    /// What is parked, by user.
    package var parked: [String: Int] = [:]

    package func parkedConnections(to backend: Backend, user: [UInt8]) -> Int {
        parked[String(decoding: user, as: UTF8.self)] ?? 0
    }

    package func schedule(at time: MonotonicTime, _ job: @escaping () -> Void) {
        jobs.append((time, job))
    }

    package func probe(_ endpoint: Endpoint, timeout: TimeSpan, _ completion: @escaping (Bool) -> Void) {
        probes.append((now, endpoint))
        let isReachable = isReachable
        schedule(at: now) { completion(isReachable) }
    }

    private let mail = HeldMailbox()

    package var mailbox: any LoopMailbox { mail }

    /// Whether something was posted that hasn't run.
    package var hasMail: Bool { !mail.isEmpty }

    /// Runs what was posted, and what is posted meanwhile.
    package func takeMail() {
        while let job = mail.next() { job() }
    }

    // Nobody connects here.

    package func connect(to endpoint: Endpoint, timeout: TimeSpan, handler: StreamHandler, tag: UInt8) -> ByteStream {
        ByteStream(handler: handler, tag: tag)
    }

    package func setDeadline(_ deadline: MonotonicTime?, for handler: StreamHandler) {}
    package func detach(_ stream: ByteStream) -> (any DetachedStream)? { nil }
    package func adopt(_ stream: any DetachedStream, handler: StreamHandler, tag: UInt8) -> ByteStream? { nil }

    /// Lets time pass, job by job.
    package func pass(_ span: TimeSpan) {
        let end = now + span
        while let next = jobs.indices.min(by: { jobs[$0].time < jobs[$1].time }), jobs[next].time <= end {
            let job = jobs.remove(at: next)
            now = max(now, job.time)
            job.job()
        }
        now = end
    }
}

extension Session {
    /// A session just accepted.
    package static func fresh() -> Session {
        Session(id: 1, slot: 0, generation: 1, clientAddress: "client:1", listenerAddress: "proxy:1")
    }
}

/// A mailbox that is emptied when the test says so.
private final class HeldMailbox: LoopMailbox {
    private let jobs = Mutex<[@Sendable () -> Void]>([])

    func post(_ job: @escaping @Sendable () -> Void) {
        jobs.withLock { $0.append(job) }
    }

    var isEmpty: Bool { jobs.withLock { $0.isEmpty } }

    func next() -> (@Sendable () -> Void)? {
        jobs.withLock { $0.isEmpty ? nil : $0.removeFirst() }
    }
}
