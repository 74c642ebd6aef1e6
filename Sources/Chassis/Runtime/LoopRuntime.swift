import EventLoop
import PluginAPI
import Pooling
import ProxyCore
import SQLText

/// One loop's share of the process: its workers, its sessions, its clients of embedded servers.
///
/// Everything but `init` runs on the loop's thread.
final class LoopRuntime {
    /// A socket to accept from, and what its clients are for.
    struct Listener: Sendable {
        let socket: ListeningSocket
        let service: Service
    }

    /// How often a draining loop looks whether the last bytes have gone out.
    private static let lingeringCheck = TimeSpan.milliseconds(10)

    private let loop: EventLoop
    private let log: ProcessLog
    private let numbers: SessionNumbers
    private let shortages: ShortageWarning
    private let onEmpty: () -> Void
    private var sessions: SessionContext?
    private var embedded: [ObjectIdentifier: EmbeddedConnection] = [:]
    private var probes: [ObjectIdentifier: (probe: Probe, stream: ByteStream)] = [:]
    /// Those not told yet that the last session has ended.
    private var drainHooks: [any DrainHook] = []
    private var isDraining = false
    /// What each plugin's worker subscribes to.
    private(set) var hookNames: [String: [String]] = [:]
    let mailbox: any LoopMailbox
    let textInWork = TextInWork()

    /// - Parameter onEmpty: told on the loop's thread when the loop drains and its last session has ended.
    init(
        loop: EventLoop, log: ProcessLog, numbers: SessionNumbers, shortages: ShortageWarning,
        onEmpty: @escaping () -> Void
    ) {
        self.loop = loop
        mailbox = LoopDoor(loop: loop)
        self.log = log
        self.numbers = numbers
        self.shortages = shortages
        self.onEmpty = onEmpty
    }

    /// Cuts the context's way back, which isn't weak: a weak reference makes all others slow, and plugins ask the loop
    /// for its time often.
    deinit { sessions?.onEnded = nil }

    /// Makes the workers and begins to accept.
    func begin(plugins: [any Plugin], listeners: [Listener]) {
        let workers = plugins.compactMap { plugin in
            let worker = plugin.makeWorker(on: self)
            hookNames[type(of: plugin).name] = worker.map { HookChains.names(of: $0) } ?? []
            return worker
        }
        drainHooks = workers.compactMap { $0 as? any DrainHook }
        let context = SessionContext(
            loop: loop, workers: workers, makeID: numbers.nextSession,
            shortages: shortages, log: { [log] level, text in log.log(level, text()) })
        context.onEnded = { [unowned self] _ in tellIfEmpty() }
        sessions = context
        for listener in listeners {
            switch listener.service {
            case .proxy(let timeouts):
                let address = listener.socket.address
                loop.accept(from: listener.socket) { [unowned self] in proxy($0, at: address, timeouts) }
            case .server(let factory, let loginTimeout):
                loop.accept(from: listener.socket) { [unowned self] in serve($0, factory, loginTimeout) }
            }
        }
    }

    private func proxy(_ stream: ByteStream, at address: String?, _ timeouts: ProxyTimeouts) -> StreamHandler? {
        guard !isDraining, let sessions else { return nil }
        return sessions.accept(stream, at: address, timeouts: timeouts)
    }

    private func serve(
        _ stream: ByteStream, _ factory: any ServerSessionFactory, _ loginTimeout: TimeSpan
    ) -> StreamHandler? {
        let peer = stream.peerAddress
        let connection = EmbeddedConnection(loop: loop) { [weak self] connection, reason in
            self?.log.log(.debug, "client \(peer) of an embedded server ended: \(reason)")
            self?.release(connection)
        }
        embedded[ObjectIdentifier(connection)] = connection
        stream.handler = connection
        connection.begin(stream, id: numbers.nextConnection(), factory: factory, loginTimeout: loginTimeout)
        return connection
    }

    private func release(_ connection: EmbeddedConnection) {
        embedded[ObjectIdentifier(connection)] = nil
        keepThroughTurn(connection)
    }

    /// Frees the object in a later turn, since its own code may be running.
    private func keepThroughTurn(_ object: AnyObject) {
        loop.schedule(at: loop.now) { withExtendedLifetime(object) {} }
    }

    // MARK: What administrators ask

    /// What this loop's sessions have done.
    var counters: SessionCounters { sessions?.counters ?? SessionCounters() }

    /// How many proxied sessions are open.
    var sessionCount: Int { sessions?.count ?? 0 }

    /// Streams of all kinds that are open.
    var streamCount: Int { loop.streamCount }

    /// What the loop has done.
    var work: LoopWork { loop.work }

    /// Some of the open sessions as they are listed, from a place on; with the place to go on from, nil at the end.
    func sessions(from first: Int, atMost count: Int) -> (values: [ListedSession], next: Int?) {
        guard let (found, next) = sessions?.some(from: first, atMost: count) else { return ([], nil) }
        return (found.map { $0.listed(on: loop) }, next)
    }

    /// Ends the session with that number, or its statement only.
    func kill(_ id: UInt64, onlyStatement: Bool) -> KillOutcome {
        guard let connection = sessions?.all.first(where: { $0.session.id == id }) else { return .unknownID }
        return connection.kill(onlyStatement: onlyStatement)
    }

    // MARK: The end

    /// Stops accepting; sessions end as soon as nothing is under way in them.
    func drain() {
        guard !isDraining else { return }
        isDraining = true
        loop.stopAccepting()
        sessions?.drain()
        tellIfEmpty()
    }

    /// Tells once nothing is open but clients of embedded servers; a last answer may still be on its way to a client.
    private func tellIfEmpty() {
        guard isDraining, sessions?.count == 0 else { return }
        for hook in drainHooks { hook.sessionsEnded() }
        drainHooks = []
        guard loop.streamCount <= embedded.count else {
            loop.schedule(at: loop.now + Self.lingeringCheck) { [weak self] in self?.tellIfEmpty() }
            return
        }
        onEmpty()
    }

    /// Ends every session, whatever it does, and does not wait for what is on its way.
    func endAtOnce() {
        isDraining = true
        loop.stopAccepting()
        sessions?.endAtOnce()
        for connection in embedded.values { connection.close(reason: "the process ends") }
        onEmpty()
    }
}

extension LoopRuntime: LoopContext {
    var index: Int { loop.index }

    var now: MonotonicTime { loop.now }

    func parkedConnections(to backend: Backend, user: [UInt8]) -> Int {
        sessions?.parked.count(to: backend, user: user) ?? 0
    }

    func schedule(at time: MonotonicTime, _ job: @escaping () -> Void) {
        loop.schedule(at: time, job)
    }

    func connect(to endpoint: Endpoint, timeout: TimeSpan, handler: StreamHandler, tag: UInt8) -> ByteStream {
        loop.connect(to: endpoint, timeout: timeout, handler: handler, tag: tag)
    }

    func setDeadline(_ deadline: MonotonicTime?, for handler: StreamHandler) {
        loop.setDeadline(deadline, for: handler)
    }

    func detach(_ stream: ByteStream) -> (any DetachedStream)? { loop.detach(stream) }

    func adopt(_ stream: any DetachedStream, handler: StreamHandler, tag: UInt8) -> ByteStream? {
        loop.adopt(stream, handler: handler, tag: tag)
    }

    func probe(_ endpoint: Endpoint, timeout: TimeSpan, _ completion: @escaping (Bool) -> Void) {
        var key: ObjectIdentifier?
        let probe = Probe { [weak self] isReachable in
            if let self, let key, let ended = probes.removeValue(forKey: key) {
                loop.setDeadline(nil, for: ended.probe)
                keepThroughTurn(ended.probe)
            }
            completion(isReachable)
        }
        key = ObjectIdentifier(probe)
        probes[ObjectIdentifier(probe)] = (
            probe, loop.connect(to: endpoint, timeout: timeout, handler: probe, tag: 0)
        )
        loop.setDeadline(loop.now + timeout, for: probe)
    }
}
