internal import Histogram
package import Pooling

/// How long something took, how often: one event loop's own, recorded without locks.
///
/// Percentiles have two significant digits, from 1 µs to 1 h; mean, minimum and maximum are exact. Memory follows the
/// longest time recorded, since many of these exist: 2 KB up to 1 ms, 8 KB up to 1 s, 16 KB at most. So recording
/// allocates three times in a histogram's life, and once after each ``snapshot`` that is still held.
package struct LatencyHistogram: Sendable {
    private var extent = LatencyExtent()
    private var recent = Histogram<UInt32>(
        highestTrackableValue: Self.millisecond, numberOfSignificantValueDigits: .two)
    /// Times of less than 1 µs, which aren't in `recent`: most waits are none, and to add one up costs next to nothing.
    private var moments: UInt64 = 0
    /// What was recorded before `recent` was full.
    private var older: Histogram<UInt64>?
    private let capacity: UInt64

    package init() { self.init(capacity: UInt64(UInt32.max)) }

    /// - Parameter capacity: how many times fit before they are put aside; no count of 32 bits overflows before.
    init(capacity: UInt64) {
        recent.autoResize = true
        self.capacity = capacity
    }

    /// Counts one time; percentiles take longer ones than an hour for an hour.
    package mutating func record(_ span: TimeSpan) {
        if recent.totalCount + moments >= capacity { putAside() }
        extent.include(span)
        guard span.nanoseconds >= 1000 else {
            moments += 1
            return
        }
        let microseconds = min(span.nanoseconds / 1000, Self.hour)
        if microseconds > recent.highestTrackableValue { widen(to: microseconds) }
        recent.record(microseconds)
    }

    // The longest times that there is room for in turn, in µs.
    private static let millisecond: UInt64 = 1000
    private static let second: UInt64 = 1_000_000
    private static let hour: UInt64 = 3_600_000_000

    /// Makes room for longer times; by its own means a histogram would allocate for every place that it gains.
    private mutating func widen(to microseconds: UInt64) {
        let extent = microseconds > Self.second ? Self.hour : Self.second
        var wide = Histogram<UInt32>(highestTrackableValue: extent, numberOfSignificantValueDigits: .two)
        wide.autoResize = true
        wide.add(recent)
        recent = wide
    }

    /// What is recorded up to now: for other threads, to be merged and read there.
    package var snapshot: LatencySnapshot { LatencySnapshot(extent: extent, recent: whole, older: older) }

    /// What was recorded since something was put aside.
    private var whole: Histogram<UInt32> {
        guard moments > 0 else { return recent }
        var whole = recent
        whole.record(0, count: UInt32(clamping: moments))
        return whole
    }

    private mutating func putAside() {
        whole.widen(into: &older)
        recent.reset()
        moments = 0
    }
}

/// The exact figures of the times.
struct LatencyExtent: BitwiseCopyable, Sendable {
    private(set) var sum: UInt64 = 0
    private(set) var shortest = UInt64.max
    private(set) var longest: UInt64 = 0

    mutating func include(_ span: TimeSpan) {
        include(LatencyExtent(sum: span.nanoseconds, shortest: span.nanoseconds, longest: span.nanoseconds))
    }

    mutating func include(_ other: Self) {
        let (total, overflow) = sum.addingReportingOverflow(other.sum)
        sum = overflow ? .max : total
        shortest = min(shortest, other.shortest)
        longest = max(longest, other.longest)
    }
}

extension Histogram<UInt32> {
    /// Adds the counts to the wide histogram, which is made where it is missing.
    func widen(into wide: inout Histogram<UInt64>?) {
        var sum = wide ?? Histogram<UInt64>(numberOfSignificantValueDigits: numberOfSignificantValueDigits)
        for step in recordedValues() { sum.record(step.value, count: UInt64(step.count)) }
        wide = sum
    }
}
