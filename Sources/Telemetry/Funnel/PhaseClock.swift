package import Pooling

/// Which phase a statement is in, and since when: the stopwatch of a session.
package struct PhaseClock: BitwiseCopyable, Sendable {
    private var phase: FunnelPhase?
    private var since = MonotonicTime(nanoseconds: 0)
    private var used = TimeSpan.zero

    package init() {}

    /// The statement enters a phase; the one before has ended and is recorded.
    package mutating func entered(_ next: FunnelPhase, now: MonotonicTime, _ latencies: inout PhaseLatencies) {
        finish(now, &latencies)
        phase = next
        since = now
    }

    /// The statement has ended, and with it the phase that it was in.
    ///
    /// - Returns: the time for which it kept the backend connection busy, as `LeaseBook.returned` wants it.
    package mutating func ended(now: MonotonicTime, _ latencies: inout PhaseLatencies) -> TimeSpan {
        finish(now, &latencies)
        defer { self = PhaseClock() }
        return used
    }

    /// The statement was given up: what its phase would have taken is not known, and not recorded.
    ///
    /// - Returns: the time for which it kept the backend connection busy.
    package mutating func abandoned(now: MonotonicTime) -> TimeSpan {
        defer { self = PhaseClock() }
        return phase.map { busy(in: $0, now) } ?? used
    }

    private mutating func finish(_ now: MonotonicTime, _ latencies: inout PhaseLatencies) {
        guard let phase else { return }
        latencies.record(phase, now.since(since))
        used = busy(in: phase, now)
        self.phase = nil
    }

    private func busy(in phase: FunnelPhase, _ now: MonotonicTime) -> TimeSpan {
        switch phase {
        case .backlogWait, .connect, .total: used
        case .stateReplay, .backendTime, .transfer:
            TimeSpan(nanoseconds: used.nanoseconds &+ now.since(since).nanoseconds)
        }
    }
}
