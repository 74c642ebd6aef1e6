import Synchronization

/// How often scripts have failed since the start, over all loops, written to the log or not.
final class ScriptErrorCount: Sendable {
    private let errors = Atomic<Int>(0)

    /// The errors so far.
    var total: Int { errors.load(ordering: .relaxed) }

    /// Counts one.
    func add() { errors.wrappingAdd(1, ordering: .relaxed) }
}
