import Pooling
import Testing

@Suite("Back-off")
struct BackOffTests {
    private let start = MonotonicTime(nanoseconds: 1_000)

    @Test("waits double up to the longest one")
    func doubling() {
        var wait = BackOff(first: .seconds(1), longest: .seconds(5))
        #expect(wait.due == nil)
        for seconds in [1.0, 2, 4, 5, 5] {
            wait.failed(now: start)
            #expect(wait.due == start + .seconds(seconds))
        }
    }

    @Test("a success begins anew")
    func success() {
        var wait = BackOff(first: .seconds(1), longest: .seconds(8))
        wait.failed(now: start)
        wait.failed(now: start)
        wait.succeeded()
        #expect(wait.due == nil)
        wait.failed(now: start)
        #expect(wait.due == start + .seconds(1))
    }

    @Test("nothing is due before a failure, nor before its wait is over")
    func due() {
        var wait = BackOff(first: .seconds(1), longest: .seconds(8))
        #expect(!wait.isDue(now: MonotonicTime(nanoseconds: .max)))
        wait.failed(now: start)
        #expect(!wait.isDue(now: start + .milliseconds(999)))
        #expect(wait.isDue(now: start + .seconds(1)))
    }

    @Test("the wait after the end of time is the end of time")
    func endless() {
        let huge = TimeSpan(nanoseconds: .max / 2)
        var wait = BackOff(first: huge, longest: huge)
        wait.failed(now: MonotonicTime(nanoseconds: .max - 1))
        #expect(wait.due == MonotonicTime(nanoseconds: .max))
    }
}
