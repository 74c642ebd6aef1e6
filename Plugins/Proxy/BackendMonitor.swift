import PluginAPI
import Pooling

/// Watches the backends that have failed: each is probed with growing waits and taken back when it returns.
final class BackendMonitor {
    private static let interval = TimeSpan.milliseconds(250)
    private static let probeTimeout = TimeSpan.seconds(2)
    private static let firstWait = TimeSpan.milliseconds(500)
    private static let longestWait = TimeSpan.seconds(8)

    private let host: any PluginHost
    private unowned let loop: any LoopContext
    private var waits: [Endpoint: BackOff] = [:]
    private var probing: Set<Endpoint> = []

    init(host: any PluginHost, loop: any LoopContext) {
        self.host = host
        self.loop = loop
    }

    /// Looks at the backends now and in every interval from now on.
    func begin() {
        check()
        loop.schedule(at: loop.now + Self.interval) { [weak self] in self?.begin() }
    }

    private func check() {
        for backend in host.backends.all where isWatched(backend) && !probing.contains(backend.endpoint) {
            var wait = waits[backend.endpoint] ?? BackOff(first: Self.firstWait, longest: Self.longestWait)
            if wait.due == nil { wait.failed(now: loop.now) }
            waits[backend.endpoint] = wait
            if wait.isDue(now: loop.now) { probe(backend) }
        }
    }

    private func isWatched(_ backend: Backend) -> Bool { backend.state == .down && backend.standing == .online }

    private func probe(_ backend: Backend) {
        probing.insert(backend.endpoint)
        loop.probe(backend.endpoint, timeout: Self.probeTimeout) { [weak self] isReachable in
            self?.probed(backend, isReachable: isReachable)
        }
    }

    private func probed(_ backend: Backend, isReachable: Bool) {
        probing.remove(backend.endpoint)
        guard isReachable else {
            waits[backend.endpoint]?.failed(now: loop.now)
            return
        }
        waits[backend.endpoint] = nil
        backend.state = .unknown
        host.log(.message, "backend \(backend.endpoint) takes connections again")
    }
}
