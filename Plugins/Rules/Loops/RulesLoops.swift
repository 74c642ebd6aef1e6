import Dispatch
import Locking
import PluginAPI

/// The workers by loop, for those who want to know what they have counted.
final class RulesLoops: Sendable {
    /// How many loops there are.
    let count: Int
    /// How long the loops have to answer.
    private static let patience = DispatchTimeInterval.seconds(2)
    private let places: Lock<[Place?]>

    /// Carries a worker to the closure that runs on its own loop.
    ///
    /// Invariant of the unchecked sendability: `worker` is touched on its loop's thread only; the table holds it as long as
    /// the plugin lives.
    private struct Place: @unchecked Sendable {
        let mailbox: any LoopMailbox
        let worker: RulesWorker
    }

    init(count: Int) {
        self.count = count
        places = Lock(Array(repeating: nil, count: count))
    }

    /// Enters a loop's worker.
    func enter(_ worker: RulesWorker) {
        let place = Place(mailbox: worker.loop.mailbox, worker: worker)
        places.withLock { $0[worker.loop.index] = place }
    }

    /// Runs the job with every worker, each on its loop's thread.
    func post(_ job: @escaping @Sendable (RulesWorker) -> Void) {
        for place in places.withLock({ $0 }) {
            guard let place else { continue }
            place.mailbox.post { job(place.worker) }
        }
    }

    /// Runs the job with one loop's worker on its thread.
    func post(to loop: Int, _ job: @escaping @Sendable (RulesWorker) -> Void) {
        let place = places.withLock { $0.indices.contains(loop) ? $0[loop] : nil }
        guard let place else { return }
        place.mailbox.post { job(place.worker) }
    }

    /// Forgets all kept answers; whoever waits for one goes on.
    func flush(_ cache: QueryCache) {
        post(to: 0) { worker in worker.tell(cache.flush(now: worker.loop.now)) }
    }

    /// What every loop answers; those that don't in time are left out. The caller's thread waits.
    func ask<Answer: Sendable>(_ question: @escaping @Sendable (RulesWorker) -> Answer) -> [Answer] {
        let told = DispatchSemaphore(value: 0)
        let answers = AnswerBox<Answer>(told: told)
        let asked = places.withLock { $0 }.compactMap(\.self)
        for place in asked {
            place.mailbox.post { answers.add(question(place.worker)) }
        }
        let deadline = DispatchTime.now() + Self.patience
        for _ in asked where told.wait(timeout: deadline) == .timedOut { break }
        return answers.all
    }

    /// Lets go of the workers.
    func clear() {
        places.withLock { places in
            for index in places.indices { places[index] = nil }
        }
    }
}

/// Answers of several loops.
private final class AnswerBox<Answer: Sendable>: Sendable {
    private let answers = Lock<[Answer]>([])
    private let told: DispatchSemaphore

    init(told: DispatchSemaphore) {
        self.told = told
    }

    var all: [Answer] { answers.withLock { $0 } }

    func add(_ answer: Answer) {
        answers.withLock { $0.append(answer) }
        told.signal()
    }
}
