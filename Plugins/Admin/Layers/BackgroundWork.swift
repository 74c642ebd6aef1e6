import Dispatch
import Foundation
import Glibc

/// Work that may take a while and must not keep event loops from a core: it has a thread of its own with little weight.
enum BackgroundWork {
    /// A tenth of what a thread usually gets beside others; all of an idle core.
    fileprivate static let niceness: Int32 = 10

    /// Runs the body and waits for its end.
    static func run<Answer>(_ body: @escaping () throws -> Answer) throws -> Answer {
        let task = Task(body)
        let thread = Thread { task.run() }
        thread.name = "mr-background"
        thread.start()
        return try task.wait()
    }

    /// What the thread does, and what came of it.
    ///
    /// Invariant for `@unchecked Sendable`: the caller waits while the thread runs the body, and reads the outcome behind
    /// its signal.
    private final class Task<Answer>: @unchecked Sendable {
        private let body: () throws -> Answer
        private var outcome: Result<Answer, any Error>?
        private let ended = DispatchSemaphore(value: 0)

        init(_ body: @escaping () throws -> Answer) { self.body = body }

        func run() {
            // Linux takes this for the calling thread alone.
            _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, BackgroundWork.niceness)
            outcome = Result { try body() }
            ended.signal()
        }

        func wait() throws -> Answer {
            while true {
                ended.wait()
                if let outcome { return try outcome.get() }
            }
        }
    }
}
