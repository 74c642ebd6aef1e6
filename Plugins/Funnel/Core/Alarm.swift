import PluginAPI
import Pooling
import Synchronization

/// The next look at a value behind a lock, for which loop 0 keeps the time.
final class Alarm: Sendable {
    private let loops: LoopTable<FunnelWorker>
    /// The time for which loop 0 has been asked, in nanoseconds.
    private let due = Atomic<UInt64>(.max)

    init(loops: LoopTable<FunnelWorker>) {
        self.loops = loops
    }

    /// Whether it would go off too late for the time: then ``set(for:_:)`` is called for.
    func isTooLate(for time: MonotonicTime?) -> Bool {
        guard let time else { return false }
        return time.nanoseconds < due.load(ordering: .relaxed)
    }

    /// Has loop 0 do the job when the time has come, unless it is asked for an earlier time before.
    func set(for time: MonotonicTime?, _ job: @escaping @Sendable (FunnelWorker) -> Void) {
        guard let time else { return }
        due.store(time.nanoseconds, ordering: .relaxed)
        loops.post(to: 0) { [self] worker in
            worker.loop.schedule(at: time) { [self, unowned worker] in
                guard due.load(ordering: .relaxed) >= time.nanoseconds else { return }
                due.store(.max, ordering: .relaxed)
                job(worker)
            }
        }
    }
}
