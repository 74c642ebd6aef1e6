import Pooling
import Testing

@Suite("Monotonic time")
struct MonotonicTimeTests {
    @Test("spans add up, and stop at the end of time")
    func addition() {
        let start = MonotonicTime(nanoseconds: 5)
        #expect(start + .milliseconds(2) == MonotonicTime(nanoseconds: 2_000_005))
        #expect(start + TimeSpan(nanoseconds: .max) == MonotonicTime(nanoseconds: .max))
    }

    @Test("the span since a later point is zero")
    func since() {
        let early = MonotonicTime(nanoseconds: 10)
        let late = MonotonicTime(nanoseconds: 25)
        #expect(late.since(early) == TimeSpan(nanoseconds: 15))
        #expect(early.since(late) == .zero)
        #expect(early < late)
    }

    @Test(
        "seconds become nanoseconds within bounds",
        arguments: [
            (1.5, 1_500_000_000), (0, 0), (-3, 0), (.nan, 0), (-.infinity, 0),
            (.infinity, 9_200_000_000_000_000_000), (1e300, 9_200_000_000_000_000_000),
        ] as [(Double, UInt64)])
    func seconds(value: Double, nanoseconds: UInt64) {
        #expect(TimeSpan.seconds(value).nanoseconds == nanoseconds)
    }

    @Test("a span tells its seconds")
    func inSeconds() {
        #expect(TimeSpan.milliseconds(250).seconds == 0.25)
        #expect(TimeSpan.milliseconds(1) < .seconds(0.002))
    }
}
