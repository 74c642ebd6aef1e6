import Dispatch
import EventLoop
import Locking

/// The event loops that run, for threads that may wait for what the loops tell.
final class LoopRoster: Sendable {
    /// How long the loops have to tell something.
    private static let patience = DispatchTimeInterval.seconds(2)

    /// Carries a loop's share to the loop's thread.
    ///
    /// Invariant of the unchecked sendability: `runtime` is used in jobs of its loop only.
    private struct Place: @unchecked Sendable {
        let door: LoopDoor
        let runtime: LoopRuntime
    }

    private let places = Lock<[Place]>([])

    /// A loop begins.
    func enter(_ loop: EventLoop, _ runtime: LoopRuntime) {
        let place = Place(door: LoopDoor(loop: loop), runtime: runtime)
        places.withLock { $0.append(place) }
    }

    /// The loops have stopped.
    func clear() {
        places.withLock { $0 = [] }
    }

    /// Asks every loop once; who doesn't answer in time is left out. The caller's thread waits.
    func ask<Value: Sendable>(_ question: @escaping @Sendable (LoopRuntime) -> Value) -> [Value] {
        askInParts { runtime, _ in ([question(runtime)], nil) }
    }

    /// Asks every loop for many values in parts, so that no loop's sessions wait for all of them.
    ///
    /// - Parameter question: answers the values from a place on, at first 0, with the place of the next part; nil behind the
    ///   last one.
    func askInParts<Value: Sendable>(
        _ question: @escaping @Sendable (LoopRuntime, Int) -> (values: [Value], next: Int?)
    ) -> [Value] {
        let places = places.withLock { $0 }
        guard !places.isEmpty else { return [] }
        let survey = Survey(of: places.count, question)
        for place in places { ask(place, from: 0, survey) }
        return survey.values(within: Self.patience)
    }

    private func ask<Value>(_ place: Place, from first: Int, _ survey: Survey<Value>) {
        place.door.post { [self] in
            guard let next = survey.answered(place.runtime, from: first) else { return }
            ask(place, from: next, survey)
        }
    }
}

/// What some loops are asked, and have answered so far.
private final class Survey<Value: Sendable>: Sendable {
    typealias Question = @Sendable (LoopRuntime, Int) -> (values: [Value], next: Int?)

    private let question: Question
    private let answers: Lock<(values: [Value], open: Int)>
    private let isComplete = DispatchSemaphore(value: 0)

    init(of count: Int, _ question: @escaping Question) {
        self.question = question
        answers = Lock((values: [], open: count))
    }

    /// Has the loop answer, on its thread.
    ///
    /// - Returns: where its next part begins; nil behind the last one.
    func answered(_ runtime: LoopRuntime, from first: Int) -> Int? {
        let (values, next) = question(runtime, first)
        let isLast = answers.withLock { answers in
            answers.values += values
            if next == nil { answers.open -= 1 }
            return answers.open == 0
        }
        if isLast { isComplete.signal() }
        return next
    }

    /// The answers when all have come, or those that have come in time.
    func values(within patience: DispatchTimeInterval) -> [Value] {
        _ = isComplete.wait(timeout: .now() + patience)
        return answers.withLock { $0.values }
    }
}
