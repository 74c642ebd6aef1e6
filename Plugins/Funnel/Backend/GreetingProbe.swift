import MySQLWire
import PluginAPI
import Pooling
import Streams

/// A short connection by which a backend shows that it is there, and what it is: clients are greeted with its version.
///
/// The backend counts it among its connections, so it runs while the pool opens none, and ends when the backend has
/// closed it too.
final class GreetingProbe: StreamHandler {
    private let pool: BackendPool
    private unowned let worker: FunnelWorker
    private let completion: (Bool) -> Void
    private var stream: ByteStream?
    private var isThere = false
    private static let patience = TimeSpan.seconds(2)

    /// - Parameter completion: told once, whether the backend has said anything.
    init(_ pool: BackendPool, on worker: FunnelWorker, _ completion: @escaping (_ isThere: Bool) -> Void) {
        self.pool = pool
        self.worker = worker
        self.completion = completion
    }

    func begin() {
        stream = worker.loop.connect(to: pool.backend.endpoint, timeout: Self.patience, handler: self, tag: 0)
        // The deadline keeps the probe alive too.
        worker.loop.setDeadline(worker.loop.now + Self.patience, for: self)
    }

    override func received(_ bytes: Span<UInt8>, on stream: ByteStream) -> Int {
        guard !isThere else { return bytes.count }
        guard let header = PacketHeader(bytes), bytes.count >= header.packetLength else { return 0 }
        isThere = true
        let payload = bytes.extracting(PacketHeader.size..<header.packetLength)
        guard let greeting = try? Greeting(decoding: payload) else {
            // It lets nobody in for now, says why, and closes.
            return bytes.count
        }
        pool.greeting = greeting
        let goodbye: [UInt8] = [1, 0, 0, header.sequence &+ 1, Command.quit.rawValue]
        stream.send(goodbye.span)
        return bytes.count
    }

    override func ended(_ stream: ByteStream, _ reason: EndReason) {
        finish(after: isThere ? BackendConnection.countingOut : .zero)
    }

    override func deadlinePassed(_ now: MonotonicTime) { finish(after: .zero) }

    private func finish(after wait: TimeSpan) {
        stream?.close()
        stream = nil
        worker.loop.setDeadline(nil, for: self)
        worker.loop.schedule(at: worker.loop.now + wait) { [self] in completion(isThere) }
    }
}
