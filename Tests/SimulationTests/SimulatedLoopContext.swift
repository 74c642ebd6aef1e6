import Chassis
import EventLoop
import PluginAPI
import Pooling
import TestSupport

/// A simulated loop as plugins see it.
final class SimulatedLoopContext: LoopContext {
    private let loop: SimulatedLoop
    private var probes: [ObjectIdentifier: FirstByte] = [:]

    init(loop: SimulatedLoop) {
        self.loop = loop
    }

    var index: Int { loop.index }
    var now: MonotonicTime { loop.now }

    /// The connections that a loop's sessions have parked.
    var parked: ParkedConnections?

    func parkedConnections(to backend: Backend, user: [UInt8]) -> Int {
        parked?.count(to: backend, user: user) ?? 0
    }

    func schedule(at time: MonotonicTime, _ job: @escaping () -> Void) { loop.schedule(at: time, job) }

    private(set) lazy var mailbox: any LoopMailbox = SimulatedMailbox(loop: loop)

    func connect(to endpoint: Endpoint, timeout: TimeSpan, handler: StreamHandler, tag: UInt8) -> ByteStream {
        loop.connect(to: endpoint, timeout: timeout, handler: handler, tag: tag)
    }

    func setDeadline(_ deadline: MonotonicTime?, for handler: StreamHandler) {
        loop.setDeadline(deadline, for: handler)
    }

    // The simulator has one loop.
    func detach(_ stream: ByteStream) -> (any DetachedStream)? { nil }
    func adopt(_ stream: any DetachedStream, handler: StreamHandler, tag: UInt8) -> ByteStream? { nil }

    func probe(_ endpoint: Endpoint, timeout: TimeSpan, _ completion: @escaping (Bool) -> Void) {
        let probe = FirstByte()
        probes[ObjectIdentifier(probe)] = probe
        probe.completion = { [weak self, weak probe] isReachable in
            completion(isReachable)
            if let self, let probe {
                // Its own code is running.
                loop.schedule(at: loop.now) { self.probes[ObjectIdentifier(probe)] = nil }
            }
        }
        probe.stream = loop.connect(to: endpoint, timeout: timeout, handler: probe, tag: 0)
        loop.setDeadline(loop.now + timeout, for: probe)
    }
}

/// The way to the simulated loop; the simulator runs on one thread.
private final class SimulatedMailbox: LoopMailbox, @unchecked Sendable {
    private let loop: SimulatedLoop

    init(loop: SimulatedLoop) {
        self.loop = loop
    }

    func post(_ job: @escaping @Sendable () -> Void) {
        loop.execute(job)
    }
}

/// Waits for a server's first byte.
private final class FirstByte: StreamHandler {
    var completion: ((Bool) -> Void)?
    var stream: ByteStream?

    override func received(_ bytes: Span<UInt8>, on stream: ByteStream) -> Int {
        finish(true)
        return bytes.count
    }

    override func ended(_ stream: ByteStream, _ reason: EndReason) { finish(false) }

    override func deadlinePassed(_ now: MonotonicTime) { finish(false) }

    private func finish(_ isReachable: Bool) {
        stream?.close()
        stream = nil
        completion?(isReachable)
        completion = nil
    }
}
