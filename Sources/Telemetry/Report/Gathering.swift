import Locking

/// Collects one value from each of several event loops, for a report.
package final class Gathering<Value: Sendable>: Sendable {
    private let count: Int
    private let values = Lock<[Value]>([])
    private let completion: @Sendable ([Value]) -> Void

    /// Waits for so many values.
    ///
    /// - Parameter completion: called once, when the last value has come, on a thread that is no event loop's: merging
    ///   and writing thousands of histograms takes milliseconds. Never called where a loop doesn't answer.
    package init(of count: Int, _ completion: @escaping @Sendable ([Value]) -> Void) {
        self.count = count
        self.completion = completion
        if count <= 0 { finish([]) }
    }

    /// A loop hands its value over; callable from every thread.
    package func add(_ value: Value) {
        let all: [Value]? = values.withLock { values in
            values.append(value)
            return values.count == count ? values : nil
        }
        if let all { finish(all) }
    }

    private func finish(_ values: [Value]) {
        Task.detached { [completion] in completion(values) }
    }
}
