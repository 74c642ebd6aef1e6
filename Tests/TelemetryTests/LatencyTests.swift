import Pooling
import Testing

@testable import Telemetry

@Suite("Latencies")
struct LatencyTests {
    private func histogram(_ microseconds: some Sequence<UInt64>) -> LatencyHistogram {
        var histogram = LatencyHistogram()
        for value in microseconds { histogram.record(TimeSpan(nanoseconds: value * 1000)) }
        return histogram
    }

    /// Whether the time is within one percent, which is what two digits promise.
    private func isNear(_ span: TimeSpan?, microseconds: Double) -> Bool {
        guard let span else { return false }
        return abs(Double(span.nanoseconds) / 1000 - microseconds) <= microseconds / 100
    }

    @Test("percentiles are right to two digits; mean, minimum and maximum exactly")
    func figures() throws {
        let summary = try #require(histogram(1...100_000).snapshot.summary)
        #expect(summary.count == 100_000)
        #expect(summary.mean == TimeSpan(nanoseconds: 50_000_500))
        #expect(summary.min == TimeSpan(nanoseconds: 1000))
        #expect(summary.max == .milliseconds(100))
        #expect(isNear(summary.p50, microseconds: 50_000))
        #expect(isNear(summary.p90, microseconds: 90_000))
        #expect(isNear(summary.p99, microseconds: 99_000))
        #expect(isNear(summary.p999, microseconds: 99_900))
    }

    @Test("one time is all its percentiles", arguments: [0, 1, 999, 12_345_678, 7_200_000_000_000])
    func single(nanoseconds: UInt64) throws {
        var histogram = LatencyHistogram()
        let span = TimeSpan(nanoseconds: nanoseconds)
        histogram.record(span)
        let summary = try #require(histogram.snapshot.summary)
        #expect(
            summary
                == LatencySummary(
                    count: 1, mean: span, min: span, p50: span, p90: span, p99: span, p999: span, max: span))
    }

    @Test("an endless time counts as one")
    func endless() {
        var histogram = histogram([5])
        histogram.record(TimeSpan(nanoseconds: .max))
        histogram.record(TimeSpan(nanoseconds: .max))
        #expect(histogram.snapshot.count == 3)
        #expect(histogram.snapshot.summary?.max == TimeSpan(nanoseconds: .max))
    }

    @Test("nothing recorded has no figures")
    func nothing() {
        #expect(LatencyHistogram().snapshot.summary == nil)
        var empty = LatencySnapshot()
        empty.merge(LatencyHistogram().snapshot)
        #expect(empty.count == 0)
        #expect(empty.summary == nil)
    }

    @Test("merged snapshots are what one histogram of all would have been")
    func merging() throws {
        var merged = LatencySnapshot()
        merged.merge(histogram(stride(from: 1, through: 200_000, by: 3)).snapshot)
        merged.merge(LatencySnapshot())
        merged.merge(histogram(stride(from: 2, through: 200_000, by: 3)).snapshot)
        merged.merge(histogram(stride(from: 3, through: 200_000, by: 3)).snapshot)
        #expect(merged.summary == histogram(1...200_000).snapshot.summary)
    }

    @Test("a snapshot stays as it is while recording goes on")
    func immutability() {
        var histogram = histogram(1...10)
        let snapshot = histogram.snapshot
        histogram.record(.seconds(1))
        #expect(snapshot.count == 10)
        #expect(snapshot.summary?.max == TimeSpan(nanoseconds: 10_000))
        #expect(histogram.snapshot.count == 11)
    }

    @Test("a histogram that is full loses nothing")
    func fullness() {
        var small = LatencyHistogram(capacity: 100)
        for value in 1...1050 as ClosedRange<UInt64> { small.record(TimeSpan(nanoseconds: value * 1000)) }
        #expect(small.snapshot.count == 1050)
        #expect(small.snapshot.summary == histogram(1...1050).snapshot.summary)
        var merged = small.snapshot
        merged.merge(small.snapshot)
        #expect(merged.count == 2100)
        var other = histogram(1...1050).snapshot
        other.merge(small.snapshot)
        #expect(other.summary == merged.summary)
    }

    @Test("times below a microsecond are counted, however many there are")
    func moments() throws {
        var small = LatencyHistogram(capacity: 100)
        for value in 0..<999 as Range<UInt64> { small.record(TimeSpan(nanoseconds: value)) }
        small.record(.milliseconds(5))
        let summary = try #require(small.snapshot.summary)
        #expect(summary.count == 1000)
        #expect(summary.p99 < TimeSpan(nanoseconds: 1000))
        #expect(summary.max == .milliseconds(5))
    }
}
