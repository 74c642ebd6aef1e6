import MySQLWire
import PluginAPI
import Pooling
import Streams
import Telemetry

// Connecting and logging in as the connection's user.

extension BackendConnection {
    /// How long a server may take from the connect to the end of the login.
    private static let patience = TimeSpan.seconds(10)

    /// Connects.
    func begin() {
        let funnel = worker.funnel
        let identity = funnel.users.identity(of: user)
        handshake = BackendHandshake(as: identity, proof: funnel.accounts.proof(of: identity.user), to: pool)
        stream = worker.loop.connect(
            to: pool.backend.endpoint, timeout: funnel.settings.connectTimeout, handler: self, tag: 0)
        sentAt = worker.loop.now
        worker.loop.setDeadline(worker.loop.now + Self.patience, for: self)
    }

    func handshakeArrived(_ bytes: Span<UInt8>) -> Int {
        guard let step = handshake?.received(bytes) else { return 0 }
        if phase == .connecting { pool.backend.latency = worker.loop.now.since(sentAt) }
        phase = .login
        switch step.outcome {
        case .more(let packets): stream?.send(packets.span)
        case .loggedIn: loggedIn()
        case .refused(let error):
            gone("it refuses the login: \(error.message)", couldConnect: true, refusal: error)
            return bytes.count
        case .unusable(let reason):
            gone(reason, couldConnect: false)
            return bytes.count
        }
        return step.consumed
    }

    private func loggedIn() {
        if let greeting = handshake?.greeting {
            serverID = greeting.connectionID
            pool.greeting = greeting
        }
        capabilities = handshake?.capabilities ?? []
        login = handshake?.login
        handshake = nil
        phase = .ready
        ask(Self.tracking) { [self] answer in
            guard let answer else { return }
            if let error = answer.error {
                return gone("it can't track sessions: \(error.message)", couldConnect: true, refusal: error)
            }
            worker.funnel.users.refused(user, nil)
            pool.backend.state = .up
            worker.measure(.connect, self, since: sentAt)
            let fit = settings.fit
            pool.tell(from: worker, frees: true) { book, now, steps in book.opened(id, state: fit, now: now, &steps) }
        }
    }
}
