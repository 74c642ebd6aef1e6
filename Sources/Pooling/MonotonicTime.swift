/// A point on the monotonic clock, in nanoseconds since an arbitrary start; the only notion of time in the pure rings.
///
/// Pure code never reads a clock: whoever performs passes the time in.
public struct MonotonicTime: BitwiseCopyable, Hashable, Comparable, Sendable {
    /// Nanoseconds since the clock's start.
    public var nanoseconds: UInt64

    /// The point `nanoseconds` after the clock's start.
    public init(nanoseconds: UInt64) {
        self.nanoseconds = nanoseconds
    }

    /// Orders points from earlier to later.
    public static func < (left: Self, right: Self) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    /// The point `span` later; saturates at the end of time.
    public static func + (time: Self, span: TimeSpan) -> Self {
        let (sum, overflow) = time.nanoseconds.addingReportingOverflow(span.nanoseconds)
        return Self(nanoseconds: overflow ? .max : sum)
    }

    /// The span from `earlier` to this point; zero where `earlier` is the later one.
    public func since(_ earlier: Self) -> TimeSpan {
        TimeSpan(nanoseconds: nanoseconds > earlier.nanoseconds ? nanoseconds - earlier.nanoseconds : 0)
    }
}

/// A length of time in nanoseconds; never negative.
public struct TimeSpan: BitwiseCopyable, Hashable, Comparable, Sendable {
    /// The length in nanoseconds.
    public var nanoseconds: UInt64

    /// A span of `nanoseconds`.
    public init(nanoseconds: UInt64) {
        self.nanoseconds = nanoseconds
    }

    /// No time at all.
    public static let zero = Self(nanoseconds: 0)

    /// A span of whole milliseconds.
    public static func milliseconds(_ count: UInt64) -> Self {
        Self(nanoseconds: count &* 1_000_000)
    }

    /// A span of seconds; negative and non-finite values count as zero, values beyond 292 years are cut to that.
    public static func seconds(_ count: Double) -> Self {
        guard count > 0 else { return .zero }
        return Self(nanoseconds: UInt64(min(count * 1e9, 9.2e18)))
    }

    /// The length in seconds.
    public var seconds: Double {
        Double(nanoseconds) / 1e9
    }

    /// Orders spans from shorter to longer.
    public static func < (left: Self, right: Self) -> Bool {
        left.nanoseconds < right.nanoseconds
    }
}
