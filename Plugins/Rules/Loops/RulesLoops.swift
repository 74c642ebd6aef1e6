import Dispatch
import Locking
import PluginAPI

/// The workers by loop, for those who want to know what they have counted.
typealias RulesLoops = LoopTable<RulesWorker>

/// How long the loops have to answer.
private let patience = DispatchTimeInterval.seconds(2)

extension RulesLoops {
    /// Forgets all kept answers; whoever waits for one goes on.
    func flush(_ cache: QueryCache) {
        post(to: 0) { worker in worker.tell(cache.flush(now: worker.loop.now)) }
    }

    /// What every loop answers; those that don't in time are left out. The caller's thread waits.
    func ask<Answer: Sendable>(_ question: @escaping @Sendable (RulesWorker) -> Answer) -> [Answer] {
        let told = DispatchSemaphore(value: 0)
        let answers = AnswerBox<Answer>(told: told)
        let asked = post { answers.add(question($0)) }
        let deadline = DispatchTime.now() + patience
        for _ in 0..<asked where told.wait(timeout: deadline) == .timedOut { break }
        return answers.all
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
