import EventLoop
import MySQLWire
package import PluginAPI
import Pooling

/// A loop's parked backend connections, first in, first out for each backend and user.
package final class ParkedConnections {
    private struct Key: Hashable {
        let backend: ObjectIdentifier
        let user: [UInt8]
    }

    /// A session that found nothing parked says so this often at most.
    private static let shortageInterval = TimeSpan.seconds(1)

    private let loop: EventLoop
    private let log: @Sendable (LogLevel, () -> String) -> Void
    /// Oldest first.
    private var queues: [Key: [ParkedConnection]] = [:]
    private var parkedSoFar: UInt64 = 0
    private var lastShortage: MonotonicTime?
    /// Whether the loop drains: nothing is parked any more.
    private(set) var isClosed = false

    init(loop: EventLoop, log: @escaping @Sendable (LogLevel, () -> String) -> Void) {
        self.loop = loop
        self.log = log
    }

    /// How many are parked.
    package var count: Int { queues.values.reduce(0) { $0 + $1.count } }

    /// How many of a backend are parked for a user; for all users where the name is empty.
    package func count(to backend: Backend, user: [UInt8]) -> Int {
        if user.isEmpty { return all(of: backend).count }
        return queues[Key(backend: ObjectIdentifier(backend), user: user)]?.count ?? 0
    }

    // MARK: In and out

    /// Keeps a connection that its session has let go, for `limit` at most.
    func park(_ stream: ByteStream, to backend: Backend, _ link: BackendLink, limit: TimeSpan) {
        parkedSoFar += 1
        let parked = ParkedConnection(stream, number: parkedSoFar, backend: backend, link: link, in: self)
        queues[key(parked), default: []].append(parked)
        backend.countIdle(1)
        loop.setDeadline(loop.now + limit, for: parked)
        if stream.isPaused { stream.resumeReceiving() }
        let most = backend.maxIdleConnections
        if most > 0, backend.idleConnections > most, let oldest = oldest(of: backend) { close(oldest) }
    }

    /// Takes a connection for a logged-in session: its own one, else the oldest that suits it.
    func take(from backend: Backend, for wish: BackendLink.Wish) -> ParkedConnection? {
        let queue = queues[Key(backend: ObjectIdentifier(backend), user: wish.user)] ?? []
        let fitting = queue.filter { $0.link.suits(wish) && isSilent($0) }
        return release(fitting.first { $0.link.owner == wish.session } ?? fitting.first)
    }

    /// Takes the connection that has been parked for longest, whoever its user is.
    func takeAny(from backend: Backend) -> ParkedConnection? {
        let all = all(of: backend).filter(isSilent)
        return release(all.min { $0.number < $1.number })
    }

    /// Whether nothing has come from it that nobody asked for.
    private func isSilent(_ parked: ParkedConnection) -> Bool { parked.stream.heldBytes == 0 }

    private func release(_ parked: ParkedConnection?) -> ParkedConnection? {
        guard let parked else { return nil }
        remove(parked)
        return parked
    }

    /// The stream has said more than it was asked for, and may have been parked at that moment.
    func discard(_ stream: ByteStream) {
        for parked in queues.values.joined() where parked.stream === stream {
            lost(parked, .warning, "bytes came behind its last answer")
            return
        }
    }

    /// Nothing was parked for a session that wanted it.
    func noteShortage(of backend: Backend, _ user: [UInt8]) {
        if let last = lastShortage, loop.now.since(last) < Self.shortageInterval { return }
        lastShortage = loop.now
        log(.info) {
            "no connection to \(backend.endpoint) is parked for \(String(decoding: user, as: UTF8.self)) on this loop; "
                + "its session keeps the one that it has"
        }
    }

    // MARK: Ends

    /// A connection has ended, or must.
    func lost(_ parked: ParkedConnection, _ level: LogLevel, _ reason: String) {
        log(level) { "a parked connection to \(parked.backend.endpoint) is closed: \(reason)" }
        remove(parked)
        parked.stream.close()
    }

    /// Closes a connection in an orderly way.
    func close(_ parked: ParkedConnection) {
        remove(parked)
        parked.quit()
    }

    /// Closes all; whatever is parked from here on is refused.
    package func closeAll() {
        isClosed = true
        for parked in Array(queues.values.joined()) { close(parked) }
    }

    // MARK: Places

    private func key(_ parked: ParkedConnection) -> Key {
        Key(backend: ObjectIdentifier(parked.backend), user: parked.link.user)
    }

    private func all(of backend: Backend) -> [ParkedConnection] {
        queues.filter { $0.key.backend == ObjectIdentifier(backend) }.values.flatMap { $0 }
    }

    private func oldest(of backend: Backend) -> ParkedConnection? {
        all(of: backend).min { $0.number < $1.number }
    }

    private func remove(_ parked: ParkedConnection) {
        let key = key(parked)
        guard let index = queues[key]?.firstIndex(where: { $0 === parked }) else { return }
        queues[key]?.remove(at: index)
        if queues[key]?.isEmpty == true { queues[key] = nil }
        parked.backend.countIdle(-1)
        loop.setDeadline(nil, for: parked)
        // Its own code may be running.
        loop.schedule(at: loop.now) { withExtendedLifetime(parked) {} }
    }
}
