import EventLoop
import Locking
import PluginAPI
public import Pooling
import Synchronization

/// The serving part of the process: plugins, ports, and one event loop a thread.
///
/// Invariant of the unchecked sendability: its methods are called on the main thread, as ``Runtime`` says; from the
/// loops' threads only ``loopIsEmpty(_:)`` and ``endAtOnce()`` are reached, after `start` has set what they read.
public final class EventRuntime: Runtime, @unchecked Sendable {
    private let configuration: Configuration
    private let log: ProcessLog
    private let host: HostServices
    private let numbers = SessionNumbers()
    private let shortages: ShortageWarning
    private let roster = LoopRoster()
    private var plugins: [any Plugin] = []
    private var listeners: [(sockets: [ListeningSocket], service: Service)] = []
    private var loops: [LoopThread] = []
    private let emptyLoops = Lock<Set<Int>>([])
    private let ended = Lock<(@Sendable () -> Void)?>(nil)

    /// One loop, its share of the process and its thread.
    private struct LoopThread {
        let loop: SocketLoop
        let runtime: RuntimeBox
        let thread: EventLoopThread
    }

    /// Carries a loop's share to the loop's thread.
    ///
    /// Invariant: it is unwrapped in jobs of that loop only.
    private struct RuntimeBox: @unchecked Sendable {
        let runtime: LoopRuntime
    }

    /// A runtime for the configured plugins; opens nothing yet.
    public init(_ configuration: Configuration, log: ProcessLog) {
        self.configuration = configuration
        self.log = log
        host = HostServices(
            log: log, scriptPaths: ScriptPaths(configuration), loopCount: configuration.main.eventThreads)
        shortages = ShortageWarning { level, text in log.log(level, text()) }
    }

    /// Makes every plugin, then starts them, then opens every port that they have asked for.
    public func openPorts() throws {
        plugins = try configuration.plugins.map { try $0.make(host) }
        ProcessTables(
            loops: roster, host: host,
            plugins: plugins.map { (name: type(of: $0).name, summary: type(of: $0).summary) }
        ).offer()
        for plugin in plugins { try plugin.start() }
        for listener in host.listeners {
            let sockets = try ListeningSocket.open(listener.endpoint, count: configuration.main.eventThreads)
            listeners.append((sockets, listener.service))
            log.log(.message, "\(listener.service.name) listening on \(sockets.first?.endpoint ?? listener.endpoint)")
        }
    }

    /// Starts one loop a thread; each makes its workers and accepts.
    public func start(ended: @escaping @Sendable () -> Void) throws {
        // Not before the ports are open: by now the process is of the user that --user names.
        for plugin in plugins { try plugin.allStarted() }
        self.ended.withLock { $0 = ended }
        for loop in try openLoops() { loops.append(try start(loop)) }
    }

    /// Opens the loops and logs what they run on.
    private func openLoops() throws -> [SocketLoop] {
        let options = configuration.main
        let opened = try SocketLoop.open(count: options.eventThreads, on: options.ioBackend)
        if let backend = opened.loops.first?.backend {
            let obstacle = opened.obstacle.map { "; io_uring can't be used here: \($0.detail)" } ?? ""
            log.log(.message, "the event loops run on \(backend.rawValue)\(obstacle)")
        }
        return opened.loops
    }

    private func start(_ loop: SocketLoop) throws -> LoopThread {
        let index = loop.index
        loop.onAcceptPaused = { [shortages, unowned loop] error in
            shortages.met(now: loop.now) { "accepting pauses, open connections go on: \(error)" }
        }
        let box = RuntimeBox(
            runtime: LoopRuntime(loop: loop, log: log, numbers: numbers, shortages: shortages) { [weak self] in
                self?.loopIsEmpty(index)
            })
        let plugins = plugins
        let listeners = listeners.map { LoopRuntime.Listener(socket: $0.sockets[index], service: $0.service) }
        loop.execute { box.runtime.begin(plugins: plugins, listeners: listeners) }
        roster.enter(loop, box.runtime)
        return LoopThread(loop: loop, runtime: box, thread: try EventLoopThread(running: loop))
    }

    /// Plugins read their files again.
    public func hangUp() {
        for plugin in plugins { plugin.hangUp() }
    }

    /// Logs what the plugins report, in one line as soon as the last one has told; who is late is left out.
    public func report() { report(within: ReportGathering.patience) }

    /// The same, with another time for the plugins.
    func report(within patience: TimeSpan) {
        guard let first = loops.first?.loop else { return }
        let names = plugins.map { type(of: $0).name }
        let gathering = ReportGathering(of: names, patience: patience) { [log] in log.log($0, $1) }
        for (index, plugin) in plugins.enumerated() {
            plugin.report { gathering.told($0, by: index) }
        }
        first.execute {
            first.schedule(at: first.now + patience) { gathering.expired() }
        }
    }

    // MARK: The end

    /// Closes the ports, lets sessions end, and ends at once what is left after `timeout`.
    public func drain(timeout: TimeSpan) {
        guard let first = loops.first?.loop else { return tellEnded() }
        for loop in loops {
            loop.loop.execute { [box = loop.runtime] in box.runtime.drain() }
        }
        closeListeners()
        first.execute { [weak self] in
            first.schedule(at: first.now + timeout) { self?.drainExpired() }
        }
    }

    /// Each loop has stopped accepting before its job here runs; the last one closes the sockets.
    private func closeListeners() {
        let sockets = listeners.flatMap(\.sockets)
        listeners = []
        let countdown = Countdown(from: loops.count) { for socket in sockets { socket.close() } }
        for loop in loops {
            loop.loop.execute { countdown.step() }
        }
    }

    private func drainExpired() {
        log.log(.warning, "sessions were still open after --shutdown-timeout; they are closed")
        endAtOnce()
    }

    /// Ends every session, whatever it does.
    public func endAtOnce() {
        guard !loops.isEmpty else { return tellEnded() }
        for loop in loops {
            loop.loop.execute { [box = loop.runtime] in box.runtime.endAtOnce() }
        }
    }

    private func loopIsEmpty(_ index: Int) {
        let empty = emptyLoops.withLock { loops in
            loops.insert(index)
            return loops.count
        }
        if empty == loops.count { tellEnded() }
    }

    private func tellEnded() {
        let told = ended.withLock { ended in
            defer { ended = nil }
            return ended
        }
        told?()
    }

    /// Stops the loops, waits for their threads, and lets the plugins go.
    public func join() {
        for loop in loops {
            loop.loop.execute { [box = loop.runtime] in box.runtime.endAtOnce() }
            loop.loop.execute { [loop = loop.loop] in loop.stop() }
        }
        for loop in loops { loop.thread.join() }
        roster.clear()
        for plugin in plugins { plugin.stop() }
    }
}

/// Does something once, when it was stepped so many times, from whichever threads.
private final class Countdown: Sendable {
    private let left: Atomic<Int>
    private let last: @Sendable () -> Void

    init(from count: Int, last: @escaping @Sendable () -> Void) {
        left = Atomic(count)
        self.last = last
    }

    func step() {
        if left.wrappingSubtract(1, ordering: .acquiringAndReleasing).newValue == 0 { last() }
    }
}

extension Service {
    /// The service in a word, for the log.
    var name: String {
        switch self {
        case .proxy: "proxy"
        case .server: "server"
        }
    }
}
