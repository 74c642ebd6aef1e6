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
        let probe = GreetingProbe(pool, on: worker) { [self] isReachable in
            guard isReachable else { return waitAndTry() }
            worker.log(.message) { "backend \(self.pool.backend.endpoint) takes connections again" }
            pool.backend.state = .unknown
            onBack()
            pool.tell(from: worker) { book, now, steps in book.backendUp(now: now, &steps) }
        }
        probe.begin()
    }
}
