import Dispatch
import Locking
import PluginAPI
import Telemetry

extension Funnel {
    /// How long the loops have to tell their numbers.
    private static let patience = DispatchTimeInterval.seconds(2)

    /// Has every loop tell something on its own thread, and goes on with all of it on a thread that is no loop's.
    func gather<Part: Sendable>(
        _ part: @escaping @Sendable (FunnelWorker) -> Part, then completion: @escaping @Sendable ([Part]) -> Void
    ) {
        let gathering = Gathering<Part>(of: loops.count, completion)
        loops.post { gathering.add(part($0)) }
    }

    /// What every loop tells; nil where one doesn't answer. The caller's thread waits.
    func gathered<Part: Sendable>(_ part: @escaping @Sendable (FunnelWorker) -> Part) -> [Part]? {
        let told = DispatchSemaphore(value: 0)
        let answer = Lock<[Part]?>(nil)
        gather(part) { parts in
            answer.withLock { $0 = parts }
            told.signal()
        }
        _ = told.wait(timeout: .now() + Self.patience)
        return answer.withLock { $0 }
    }
}
