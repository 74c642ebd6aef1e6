import MySQLWire
import PluginAPI
import Pooling
import Streams

/// Tries a backend that is down with growing waits until it takes connections again, on loop 0.
final class PoolMonitor {
    private let pool: BackendPool
    private unowned let worker: FunnelWorker
    private let onBack: () -> Void
    private var wait = BackOff(first: .milliseconds(50), longest: .seconds(1))
    private static let patience = TimeSpan.seconds(2)

    /// - Parameter onBack: told once the backend is back.
    init(_ pool: BackendPool, on worker: FunnelWorker, onBack: @escaping () -> Void) {
        self.pool = pool
        self.worker = worker
        self.onBack = onBack
    }

    func begin() {
        worker.log(.warning) { "backend \(self.pool.backend.endpoint) is down" }
        waitAndTry()
    }

    private func waitAndTry() {
        wait.failed(now: worker.loop.now)
        worker.loop.schedule(at: wait.due ?? worker.loop.now) { [self] in tryOnce() }
    }

    private func tryOnce() {
        // One that is not to be used is tried again when it is.
        guard pool.backend.standing == .online else { return onBack() }
        worker.loop.probe(pool.backend.endpoint, timeout: Self.patience) { [self] isReachable in
            guard isReachable else { return waitAndTry() }
            worker.log(.message) { "backend \(self.pool.backend.endpoint) takes connections again" }
            pool.backend.state = .unknown
            onBack()
            pool.tell(from: worker) { book, now, steps in book.backendUp(now: now, &steps) }
        }
    }
}

/// Reads a backend's greeting once, so that clients are greeted with its version before anybody has logged in there.
final class GreetingProbe: StreamHandler {
    private let pool: BackendPool
    private unowned let worker: FunnelWorker
    private var stream: ByteStream?
    private static let patience = TimeSpan.seconds(2)

    init(_ pool: BackendPool, on worker: FunnelWorker) {
        self.pool = pool
        self.worker = worker
    }

    func begin() {
        stream = worker.loop.connect(to: pool.backend.endpoint, timeout: Self.patience, handler: self, tag: 0)
        worker.loop.setDeadline(worker.loop.now + Self.patience, for: self)
    }

    override func received(_ bytes: Span<UInt8>, on stream: ByteStream) -> Int {
        guard let header = PacketHeader(bytes), bytes.count >= header.packetLength else { return 0 }
        let payload = bytes.extracting(PacketHeader.size..<header.packetLength)
        if let greeting = try? Greeting(decoding: payload) { pool.greeting = greeting }
        finish()
        return bytes.count
    }

    override func ended(_ stream: ByteStream, _ reason: EndReason) { finish() }

    override func deadlinePassed(_ now: MonotonicTime) { finish() }

    private func finish() {
        stream?.close()
        stream = nil
        let worker = worker
        worker.loop.setDeadline(nil, for: self)
        worker.loop.schedule(at: worker.loop.now) { [self] in withExtendedLifetime(self) {} }
    }
}
