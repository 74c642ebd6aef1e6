/// When to try again what has failed: waits that double from a first to a longest one.
public struct BackOff: BitwiseCopyable, Hashable, Sendable {
    private let first: TimeSpan
    private let longest: TimeSpan
    private var wait: TimeSpan
    /// When the next attempt is due; nil while nothing has failed.
    public private(set) var due: MonotonicTime?

    /// Waits from `first` to `longest`.
    public init(first: TimeSpan, longest: TimeSpan) {
        self.first = first
        self.longest = longest
        wait = first
    }

    /// An attempt has failed: the next one is due after a wait, twice as long as the one before.
    public mutating func failed(now: MonotonicTime) {
        due = now + wait
        wait = min(TimeSpan(nanoseconds: wait.nanoseconds &* 2), longest)
    }

    /// An attempt has succeeded: the next failure begins with the first wait again.
    public mutating func succeeded() {
        due = nil
        wait = first
    }

    /// Whether an attempt is due.
    public func isDue(now: MonotonicTime) -> Bool {
        guard let due else { return false }
        return due <= now
    }
}
