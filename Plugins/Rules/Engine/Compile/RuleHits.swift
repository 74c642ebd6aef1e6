import Locking

/// How often one loop used each rule; that loop counts, any thread reads.
final class RuleHits: @unchecked Sendable {
    // Invariant: `count` initialised counters until the end; nothing else changes.
    private let counters: UnsafeMutablePointer<Atomic<UInt64>>
    private let count: Int

    init(count: Int) {
        self.count = count
        counters = .allocate(capacity: max(count, 1))
        for index in 0..<count { (counters + index).initialize(to: Atomic(0)) }
    }

    deinit {
        counters.deinitialize(count: count)
        counters.deallocate()
    }

    /// Counts a rule by its position; only the loop that the counters belong to does so, which makes it no
    /// read-modify-write among processors.
    @inline(__always)
    func add(_ position: Int) {
        assert(position >= 0 && position < count)
        let hits = counters[position].load(ordering: .relaxed)
        counters[position].store(hits &+ 1, ordering: .relaxed)
    }

    subscript(position: Int) -> UInt64 {
        counters[position].load(ordering: .relaxed)
    }
}
