import Locking
import PluginAPI

/// The funnel's workers by loop, for jobs that one loop has for another.
final class LoopTable: Sendable {
    /// How many loops there are.
    let count: Int
    private let places: Lock<[Place?]>

    /// Carries a worker to the closure that runs on its own loop.
    ///
    /// Invariant of the unchecked sendability: `worker` is touched on its loop's thread only; the table holds it as long as
    /// the plugin lives.
    private struct Place: @unchecked Sendable {
        let mailbox: any LoopMailbox
        let worker: FunnelWorker
    }

    init(count: Int) {
        self.count = count
        places = Lock(Array(repeating: nil, count: count))
    }

    /// Enters a loop's worker.
    func enter(_ worker: FunnelWorker) {
        let place = Place(mailbox: worker.loop.mailbox, worker: worker)
        places.withLock { $0[worker.index] = place }
    }

    /// Runs the job with the loop's worker on the loop's thread; a loop that has not begun yet has nothing to hear of.
    func post(to loop: Int, _ job: @escaping @Sendable (FunnelWorker) -> Void) {
        guard let place = places.withLock({ $0[loop] }) else { return }
        place.mailbox.post { job(place.worker) }
    }

    /// Lets go of the workers.
    func clear() {
        places.withLock { places in
            for index in places.indices { places[index] = nil }
        }
    }
}
