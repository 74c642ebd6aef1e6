import Pooling
import Telemetry
import Testing

@Suite("Phases of a statement")
struct PhaseTests {
    private func at(_ milliseconds: UInt64) -> MonotonicTime { MonotonicTime(nanoseconds: milliseconds * 1_000_000) }

    @Test("each phase lasts until the next one; the wait is not charged to the backend")
    func phases() {
        var latencies = PhaseLatencies()
        var clock = PhaseClock()
        clock.entered(.backlogWait, now: at(100), &latencies)
        clock.entered(.stateReplay, now: at(107), &latencies)
        clock.entered(.backendTime, now: at(109), &latencies)
        clock.entered(.transfer, now: at(120), &latencies)
        #expect(clock.ended(now: at(125), &latencies) == .milliseconds(18))
        let times = FunnelPhase.allCases.map { latencies[$0].summary?.max }
        #expect(
            times == [.milliseconds(7), nil, .milliseconds(2), .milliseconds(11), .milliseconds(5), nil])
    }

    @Test("the next statement starts from nothing")
    func reuse() {
        var latencies = PhaseLatencies()
        var clock = PhaseClock()
        clock.entered(.backendTime, now: at(1), &latencies)
        #expect(clock.ended(now: at(4), &latencies) == .milliseconds(3))
        clock.entered(.backendTime, now: at(10), &latencies)
        #expect(clock.ended(now: at(11), &latencies) == .milliseconds(1))
        #expect(clock.ended(now: at(50), &latencies) == .zero)
        #expect(latencies[.backendTime].count == 2)
    }

    @Test("a statement that was given up records no time for the phase it was in")
    func abandonment() {
        var latencies = PhaseLatencies()
        var clock = PhaseClock()
        clock.entered(.backlogWait, now: at(1), &latencies)
        clock.entered(.backendTime, now: at(4), &latencies)
        #expect(clock.abandoned(now: at(9)) == .milliseconds(5))
        #expect(latencies[.backlogWait].count == 1)
        #expect(latencies[.backendTime].count == 0)
        clock.entered(.backlogWait, now: at(10), &latencies)
        #expect(clock.abandoned(now: at(99)) == .zero)
    }

    @Test("loop numbers are kept by backend and user")
    func loopNumbers() {
        var numbers = LoopNumbers()
        numbers.update(backend: 2, user: UserID(1)) { $0.counters.statements += 1 }
        numbers.update(backend: 2, user: UserID(1)) { $0.counters.statements += 1 }
        numbers.update(backend: 0, user: UserID(3)) { $0.counters.retries += 1 }
        #expect(numbers[2, UserID(1)].counters.statements == 2)
        #expect(numbers[0, UserID(3)].counters.retries == 1)
        #expect(numbers[1, UserID(1)].counters == FunnelCounters())
        #expect(numbers[9, UserID(9)].counters == FunnelCounters())
        #expect([0, 1, 2, 3].map { numbers.userCount(at: $0) } == [4, 0, 2, 0])
    }
}
