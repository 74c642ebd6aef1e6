import Locking
import PluginAPI
import Pooling
import Streams

/// A host that remembers what it was asked for.
final class FakeHost: PluginHost {
    let administration = Administration()
    struct Requests {
        var listeners: [Endpoint] = []
        var log: [String] = []
        var levels: [LogLevel] = []
        var shutdowns = 0
    }

    let backends = BackendSet()
    let offeredBackend: Endpoint?
    let scriptPaths: ScriptPaths
    private let requests = Lock(Requests())

    /// Whether something like the funnel is there.
    let servesSessions: Bool

    init(
        offeredBackend: Endpoint? = nil, scriptPaths: ScriptPaths = ScriptPaths(), servesSessions: Bool = false
    ) {
        self.servesSessions = servesSessions
        self.offeredBackend = offeredBackend
        self.scriptPaths = scriptPaths
    }

    var listeners: [Endpoint] { requests.withLock { $0.listeners } }
    var logged: [String] { requests.withLock { $0.log } }
    /// The levels of ``logged``, line by line.
    var levels: [LogLevel] { requests.withLock { $0.levels } }
    /// How often the end of the process was asked for.
    var shutdowns: Int { requests.withLock { $0.shutdowns } }

    func listen(on endpoint: Endpoint, for service: Service) {
        requests.withLock { $0.listeners.append(endpoint) }
    }

    func offerBackend(_ endpoint: Endpoint) {}

    func log(_ level: LogLevel, _ message: @autoclosure () -> String) {
        let text = message()
        requests.withLock {
            $0.log.append(text)
            $0.levels.append(level)
        }
    }

    func requestShutdown() { requests.withLock { $0.shutdowns += 1 } }
}

/// A loop with a clock that the test moves.
final class FakeLoop: LoopContext {
    let index: Int
    private(set) var now = MonotonicTime(nanoseconds: 0)
    /// The probes begun so far: when, and where to.
    private(set) var probes: [(time: MonotonicTime, endpoint: Endpoint)] = []
    /// What the probes find.
    var isReachable = false
    private var jobs: [(time: MonotonicTime, job: () -> Void)] = []

    init(index: Int = 0) {
        self.index = index
    }

    /// What is parked, by user.
    var parked: [String: Int] = [:]

    func parkedConnections(to backend: Backend, user: [UInt8]) -> Int {
        parked[String(decoding: user, as: UTF8.self)] ?? 0
    }

    func schedule(at time: MonotonicTime, _ job: @escaping () -> Void) {
        jobs.append((time, job))
    }

    func probe(_ endpoint: Endpoint, timeout: TimeSpan, _ completion: @escaping (Bool) -> Void) {
        probes.append((now, endpoint))
        let isReachable = isReachable
        schedule(at: now) { completion(isReachable) }
    }

    private let mail = HeldMailbox()

    var mailbox: any LoopMailbox { mail }

    /// Whether something was posted that hasn't run.
    var hasMail: Bool { !mail.isEmpty }

    /// Runs what was posted, and what is posted meanwhile.
    func takeMail() {
        while let job = mail.next() { job() }
    }

    // The rules have no streams of their own.

    func connect(to endpoint: Endpoint, timeout: TimeSpan, handler: StreamHandler, tag: UInt8) -> ByteStream {
        ByteStream(handler: handler, tag: tag)
    }

    func setDeadline(_ deadline: MonotonicTime?, for handler: StreamHandler) {}
    func detach(_ stream: ByteStream) -> (any DetachedStream)? { nil }
    func adopt(_ stream: any DetachedStream, handler: StreamHandler, tag: UInt8) -> ByteStream? { nil }

    /// Lets time pass, job by job.
    func pass(_ span: TimeSpan) {
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
    static func fresh() -> Session {
        Session(id: 1, slot: 0, generation: 1, clientAddress: "client:1", listenerAddress: "proxy:1")
    }
}

/// A mailbox that is emptied when the test says so.
private final class HeldMailbox: LoopMailbox {
    private let jobs = Lock<[@Sendable () -> Void]>([])

    func post(_ job: @escaping @Sendable () -> Void) {
        jobs.withLock { $0.append(job) }
    }

    var isEmpty: Bool { jobs.withLock { $0.isEmpty } }

    func next() -> (@Sendable () -> Void)? {
        jobs.withLock { $0.isEmpty ? nil : $0.removeFirst() }
    }
}
