internal import Histogram
package import Pooling

/// What histograms have recorded up to a moment.
///
/// Taking one costs a reference, or a copy of some KB; the work of merging and reading is left to the thread that asks.
package struct LatencySnapshot: Sendable {
    private var extent = LatencyExtent()
    /// The one histogram's that it was taken from, until it is merged.
    private var recent: Histogram<UInt32>?
    private var wide: Histogram<UInt64>?

    /// Nothing.
    package init() {}

    init(extent: LatencyExtent, recent: Histogram<UInt32>, older: Histogram<UInt64>?) {
        self.extent = extent
        self.recent = recent
        wide = older
    }

    /// How many times were recorded.
    package var count: Int { Int(clamping: (recent?.totalCount ?? 0) + (wide?.totalCount ?? 0)) }

    /// All times together.
    package var total: TimeSpan { TimeSpan(nanoseconds: extent.sum) }

    /// Adds what the other has.
    package mutating func merge(_ other: Self) {
        guard other.count > 0 else { return }
        guard count > 0 else { return self = other }
        let fits = count + other.count <= Int(UInt32.max)
        extent.include(other.extent)
        if fits, let added = other.recent, other.wide == nil, wide == nil {
            recent?.add(added)
        } else {
            widen()
            var other = other
            other.widen()
            if let added = other.wide { wide?.add(added) }
        }
    }

    /// Brings all counts to 64 bits.
    private mutating func widen() {
        recent?.widen(into: &wide)
        recent = nil
    }

    /// The figures; nil where nothing was recorded.
    package var summary: LatencySummary? {
        guard count > 0 else { return nil }
        var merged = self
        if merged.wide != nil { merged.widen() }
        func value(_ percentile: Double) -> TimeSpan {
            let microseconds =
                merged.recent?.valueAtPercentile(percentile) ?? merged.wide?.valueAtPercentile(percentile) ?? 0
            return TimeSpan(nanoseconds: min(max(microseconds * 1000, extent.shortest), extent.longest))
        }
        return LatencySummary(
            count: count, mean: TimeSpan(nanoseconds: extent.sum / UInt64(count)),
            min: TimeSpan(nanoseconds: extent.shortest), p50: value(50), p90: value(90), p99: value(99),
            p999: value(99.9), max: TimeSpan(nanoseconds: extent.longest))
    }
}

/// The figures of some times.
package struct LatencySummary: Equatable, Sendable {
    package let count: Int
    package let mean: TimeSpan
    package let min: TimeSpan
    package let p50: TimeSpan
    package let p90: TimeSpan
    package let p99: TimeSpan
    package let p999: TimeSpan
    package let max: TimeSpan
}
