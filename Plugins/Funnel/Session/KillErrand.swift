import MySQLWire
import PluginAPI
import Pooling
import Streams

/// KILL QUERY for a statement that runs on a backend: on a connection of its own, since the pool's may all be busy, and
/// the one that is to come free first may be the one that is stuck.
final class KillErrand: StreamHandler {
    private unowned let worker: FunnelWorker
    private let serverID: UInt32
    private let completion: () -> Void
    private var handshake: BackendHandshake
    private var stream: ByteStream?
    private var isAsked = false
    private static let patience = TimeSpan.seconds(5)

    /// - Parameter completion: told once, when the server has killed the statement or can't be told to.
    init(_ serverID: UInt32, on connection: BackendConnection, _ completion: @escaping () -> Void) {
        worker = connection.worker
        self.serverID = serverID
        self.completion = completion
        let identity = worker.funnel.users.identity(of: connection.user)
        handshake = BackendHandshake(
            as: identity, proof: worker.funnel.accounts.proof(of: identity.user), to: connection.pool)
        super.init()
        stream = worker.loop.connect(
            to: connection.pool.backend.endpoint, timeout: Self.patience, handler: self, tag: 0)
        worker.loop.setDeadline(worker.loop.now + Self.patience, for: self)
    }

    override func received(_ bytes: Span<UInt8>, on stream: ByteStream) -> Int {
        if isAsked {
            finish()
            return bytes.count
        }
        guard let step = handshake.received(bytes) else { return 0 }
        switch step.outcome {
        case .more(let packets): stream.send(packets.span)
        case .loggedIn:
            isAsked = true
            var writer = PacketWriter()
            writer.append(Command.query.payload(text: "KILL QUERY \(serverID)"))
            let packets = writer.take()
            stream.send(packets.span)
        case .refused, .unusable:
            finish()
            return bytes.count
        }
        return step.consumed
    }

    override func ended(_ stream: ByteStream, _ reason: EndReason) { finish() }

    override func deadlinePassed(_ now: MonotonicTime) { finish() }

    private func finish() {
        guard let stream else { return }
        self.stream = nil
        if isAsked {
            let quit: [UInt8] = [1, 0, 0, 0, Command.quit.rawValue]
            stream.send(quit.span)
            stream.closeAfterSending(lingering: Self.patience)
        } else {
            stream.close()
        }
        let (loop, completion) = (worker.loop, completion)
        loop.setDeadline(nil, for: self)
        loop.schedule(at: loop.now) { [self] in withExtendedLifetime(self) { completion() } }
    }
}
