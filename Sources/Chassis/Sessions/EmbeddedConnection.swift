import Dispatch
import EventLoop
import Glibc
import Locking
import PluginAPI
import Pooling

/// A client of a server inside this process: a stream on one side, a ``ServerSession`` on the other.
///
/// The stream and the session belong to the loop's thread; what other threads may call is in ``Port``.
final class EmbeddedConnection: StreamHandler {
    /// How long a closing connection may take to send what is pending.
    private static let lingering = TimeSpan.seconds(5)

    /// How long a command is waited for that is expected at once: a few round trips on one machine.
    private static let alertness = TimeSpan(nanoseconds: 50_000)

    private let loop: EventLoop
    private let port: Port
    private let onEnded: (EmbeddedConnection, String) -> Void
    private var stream: ByteStream?
    private var session: (any ServerSession)?
    /// The time for the login; nil once it is finished.
    private var loginTimeout: TimeSpan?
    /// Whether the session is taking bytes at this moment, and has asked for the rest of them meanwhile.
    private var (isReceiving, wantsMore) = (false, false)

    /// - Parameter onEnded: told once, on the loop's thread, that the client is gone, and why.
    init(loop: EventLoop, onEnded: @escaping (EmbeddedConnection, String) -> Void) {
        self.loop = loop
        port = Port(loop: loop)
        self.onEnded = onEnded
        super.init()
        port.connection = self
    }

    /// The client's stream is there; its session begins.
    func begin(_ stream: ByteStream, id: UInt32, factory: any ServerSessionFactory, loginTimeout: TimeSpan) {
        self.stream = stream
        self.loginTimeout = loginTimeout
        loop.setDeadline(loop.now + loginTimeout, for: self)
        let session = factory.makeSession(id: id, peer: stream.peerAddress, connection: port)
        self.session = session
        session.begin()
    }

    override func received(_ bytes: Span<UInt8>, on stream: ByteStream) -> Int {
        guard let session else { return bytes.count }
        isReceiving = true
        defer { isReceiving = false }
        var consumed = 0
        repeat {
            wantsMore = false
            consumed += session.received(bytes.extracting(consumed..<bytes.count))
        } while wantsMore && self.session != nil
        if loginTimeout != nil, session.isLoggedIn { loginFinished() }
        return consumed
    }

    /// A client that was let in may be silent as long as it likes.
    private func loginFinished() {
        loginTimeout = nil
        loop.setDeadline(nil, for: self)
    }

    override func deadlinePassed(_ now: MonotonicTime) {
        guard let session, let loginTimeout else { return }
        if session.isLoggedIn { return loginFinished() }
        finish("the client has not logged in within \(loginTimeout.seconds) s")
    }

    override func drained(_ stream: ByteStream) {
        port.pending(0)
    }

    override func ended(_ stream: ByteStream, _ reason: EndReason) {
        finish("the client is gone: \(reason)")
    }

    /// Closes, after what was sent has gone out.
    func close(reason: String) {
        finish(reason)
    }

    fileprivate func send(_ bytes: [UInt8]) {
        stream?.send(bytes.span)
        port.pending(stream?.pendingBytes ?? 0)
    }

    fileprivate func resume() {
        guard !isReceiving else { return wantsMore = true }
        stream?.resumeReceiving()
    }

    fileprivate func stayAwake() { loop.stayAwake(for: Self.alertness) }

    private func finish(_ reason: String) {
        guard let session else { return }
        self.session = nil
        loop.setDeadline(nil, for: self)
        session.ended()
        stream?.closeAfterSending(lingering: Self.lingering)
        stream = nil
        port.ended()
        onEnded(self, reason)
    }
}

extension EmbeddedConnection {
    /// What a session's own thread may call: it goes to the loop's thread by its mailbox, in order.
    ///
    /// On the loop's own thread a quick answer needs no mailbox, which would cost a wake-up and a turn.
    final class Port: ServerConnection {
        /// Above so many bytes on their way, ``sendWaiting(_:)`` waits.
        private static let highWater = 1 << 20

        private struct Flow {
            /// Bytes handed over and not yet given to the stream.
            var queued = 0
            /// Bytes that the stream could not send yet.
            var pending = 0
            var isEnded = false
            var isWaiting = false
        }

        private let loop: LoopDoor
        private let flow = Lock(Flow())
        private let room = DispatchSemaphore(value: 0)
        /// The loop's thread, on which connections are made.
        private let owner = pthread_self()

        /// Set once before the port is handed out, and used on the loop's thread only.
        nonisolated(unsafe) fileprivate weak var connection: EmbeddedConnection?

        init(loop: EventLoop) {
            self.loop = LoopDoor(loop: loop)
        }

        func send(_ bytes: [UInt8]) {
            if pthread_equal(pthread_self(), owner) != 0, flow.withLock({ $0.queued == 0 }) {
                connection?.send(bytes)
                return
            }
            flow.withLock { $0.queued += bytes.count }
            loop.post { [self] in
                flow.withLock { $0.queued -= bytes.count }
                connection?.send(bytes)
            }
        }

        func sendWaiting(_ bytes: [UInt8]) -> Bool {
            send(bytes)
            let mustWait = flow.withLock { flow in
                flow.isWaiting = !flow.isEnded && flow.queued + flow.pending > Self.highWater
                return flow.isWaiting
            }
            if mustWait { room.wait() }
            return flow.withLock { !$0.isEnded }
        }

        func resume() {
            if pthread_equal(pthread_self(), owner) != 0 {
                connection?.resume()
                return
            }
            loop.post { [self] in connection?.resume() }
        }

        func expectCommand() { connection?.stayAwake() }

        func close(reason: String) {
            loop.post { [self] in connection?.close(reason: reason) }
        }

        fileprivate func pending(_ bytes: Int) {
            wakeIfRoom { $0.pending = bytes }
        }

        fileprivate func ended() {
            wakeIfRoom { $0.isEnded = true }
        }

        private func wakeIfRoom(_ change: (inout Flow) -> Void) {
            let wakes = flow.withLock { flow in
                change(&flow)
                guard flow.isWaiting, flow.isEnded || flow.queued + flow.pending <= Self.highWater / 2 else {
                    return false
                }
                flow.isWaiting = false
                return true
            }
            if wakes { room.signal() }
        }
    }
}
