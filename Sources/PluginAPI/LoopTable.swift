public import Locking

/// A plugin's workers by loop, for jobs that other threads have for them.
public final class LoopTable<Worker: PluginWorker & SendableMetatype>: Sendable {
    /// How many loops there are.
    public let count: Int
    @usableFromInline let places: Lock<[Place?]>

    /// Carries a worker to the closure that runs on its own loop.
    ///
    /// Invariant of the unchecked sendability: `worker` is touched on its loop's thread only; the table holds it as long as
    /// the plugin lives.
    @usableFromInline
    struct Place: @unchecked Sendable {
        @usableFromInline let mailbox: any LoopMailbox
        @usableFromInline let worker: Worker

        init(mailbox: any LoopMailbox, worker: Worker) {
            (self.mailbox, self.worker) = (mailbox, worker)
        }

        @inlinable
        func post(_ job: @escaping @Sendable (Worker) -> Void) {
            mailbox.post { job(worker) }
        }
    }

    /// A table for so many loops, none of which has begun.
    public init(count: Int) {
        self.count = count
        places = Lock(Array(repeating: nil, count: count))
    }

    /// Enters a loop's worker.
    public func enter(_ worker: Worker, on loop: any LoopContext) {
        let place = Place(mailbox: loop.mailbox, worker: worker)
        places.withLock { $0[loop.index] = place }
    }

    /// Runs the job with the loop's worker on the loop's thread; a loop that has not begun yet has nothing to hear of.
    @inlinable
    public func post(to loop: Int, _ job: @escaping @Sendable (Worker) -> Void) {
        places.withLock({ $0[loop] })?.post(job)
    }

    /// Runs the job with every worker, each on its loop's thread.
    ///
    /// - Returns: how many there are.
    @discardableResult
    public func post(_ job: @escaping @Sendable (Worker) -> Void) -> Int {
        let begun = places.withLock { $0 }.compactMap(\.self)
        for place in begun { place.post(job) }
        return begun.count
    }

    /// Lets go of the workers.
    public func clear() {
        places.withLock { $0 = Array(repeating: nil, count: count) }
    }
}
