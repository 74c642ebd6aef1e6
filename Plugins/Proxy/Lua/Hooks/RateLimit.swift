import Pooling

/// Lets so many events pass in a second, and counts the others.
struct RateLimit {
    private static let window = TimeSpan.seconds(1)

    /// Events that may pass in a second.
    let most: Int
    private var begin = MonotonicTime(nanoseconds: 0)
    private var passed = 0
    private var withheld = 0

    init(most: Int) { self.most = most }

    /// Whether one event may pass now.
    ///
    /// - Parameter reporting: hears how many were withheld, once, when a new second begins.
    mutating func admits(at now: MonotonicTime, reporting: (Int) -> Void) -> Bool {
        if now.since(begin) >= Self.window {
            begin = now
            passed = 0
            if withheld > 0 { reporting(withheld) }
            withheld = 0
        }
        guard passed < most else {
            withheld += 1
            return false
        }
        passed += 1
        return true
    }
}
