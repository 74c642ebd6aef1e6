import ProxyCore

/// Where a feeding came to: all bytes consumed, and the event that wasn't `more`.
struct Feeding: Equatable {
    var consumed = 0
    var event = ScanEvent.more
    var mostUnconsumed = 0
}

extension ResultScanner {
    /// One look at some bytes.
    mutating func received(_ bytes: [UInt8]) -> ScanStep { received(bytes.span) }

    /// Feeds pieces of the given sizes, each time with what was left unconsumed in front.
    mutating func feed(_ bytes: [UInt8], pieces: () -> Int) -> Feeding {
        var feeding = Feeding()
        var presented = 0
        while presented < bytes.count {
            presented = min(bytes.count, presented + max(1, pieces()))
            let step = received(Array(bytes[feeding.consumed..<presented]))
            feeding.consumed += step.consumed
            feeding.event = step.event
            if step.event != .more { return feeding }
            feeding.mostUnconsumed = max(feeding.mostUnconsumed, presented - feeding.consumed)
        }
        return feeding
    }
}
