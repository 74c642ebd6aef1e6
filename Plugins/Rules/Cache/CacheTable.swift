import Pooling

/// One shard's answers by key, in the order of their last use.
///
/// Slots with links between them; a look-up touches the bucket, the slot and the key.
struct CacheTable: Sendable {
    private var nodes: [Node] = []
    /// The first slot of each bucket's chain, or -1; a power of two of them.
    private var buckets = [Int32](repeating: -1, count: 8)
    /// The first of the free slots, which are chained too.
    private var free: Int32 = -1
    private var newest: Int32 = -1
    private var oldest: Int32 = -1
    /// Slots in use.
    private(set) var count = 0

    private struct Node {
        var answer: CachedAnswer?
        var hash: UInt64
        /// The next slot in the bucket, or among the free ones.
        var next: Int32
        var newer: Int32
        var older: Int32
    }

    /// Slots that were ever in use.
    var slots: Range<Int> { 0..<nodes.count }

    /// The answer in a slot; nil in a free one.
    func answer(in slot: Int) -> CachedAnswer? { nodes[slot].answer }

    /// The slot of the answer used longest ago; nil without any.
    var oldestSlot: Int? { oldest < 0 ? nil : Int(oldest) }

    /// The slot of the answer with this key.
    func slot(of key: CacheKey) -> Int? {
        var slot = buckets[bucket(of: key.hash)]
        while slot >= 0 {
            let index = Int(slot)
            if nodes[index].hash == key.hash, nodes[index].answer?.key == key { return index }
            slot = nodes[index].next
        }
        return nil
    }

    /// Puts an answer in, as the one used last; its key must not be there.
    mutating func insert(_ answer: CachedAnswer) {
        if count >= buckets.count { grow() }
        let bucket = bucket(of: answer.key.hash)
        let node = Node(answer: answer, hash: answer.key.hash, next: buckets[bucket], newer: -1, older: -1)
        let slot: Int
        if free >= 0 {
            slot = Int(free)
            free = nodes[slot].next
            nodes[slot] = node
        } else {
            slot = nodes.count
            nodes.append(node)
        }
        buckets[bucket] = Int32(slot)
        count += 1
        linkNewest(slot)
    }

    /// Takes the answer out of its slot.
    mutating func remove(_ slot: Int) -> CachedAnswer? {
        guard let answer = nodes[slot].answer else { return nil }
        unlink(slot)
        unchain(slot)
        nodes[slot].answer = nil
        nodes[slot].next = free
        free = Int32(slot)
        count -= 1
        return answer
    }

    /// The answer was used just now.
    mutating func touch(_ slot: Int) {
        guard newest != Int32(slot) else { return }
        unlink(slot)
        linkNewest(slot)
    }

    // MARK: Links

    /// Shards take the highest bits, so the lowest are for the buckets.
    private func bucket(of hash: UInt64) -> Int {
        Int(truncatingIfNeeded: hash) & (buckets.count - 1)
    }

    private mutating func linkNewest(_ slot: Int) {
        nodes[slot].newer = -1
        nodes[slot].older = newest
        if newest >= 0 { nodes[Int(newest)].newer = Int32(slot) } else { oldest = Int32(slot) }
        newest = Int32(slot)
    }

    private mutating func unlink(_ slot: Int) {
        let (newer, older) = (nodes[slot].newer, nodes[slot].older)
        if newer >= 0 { nodes[Int(newer)].older = older } else { newest = older }
        if older >= 0 { nodes[Int(older)].newer = newer } else { oldest = newer }
    }

    private mutating func unchain(_ slot: Int) {
        let bucket = bucket(of: nodes[slot].hash)
        let next = nodes[slot].next
        guard buckets[bucket] != Int32(slot) else {
            buckets[bucket] = next
            return
        }
        var before = Int(buckets[bucket])
        while nodes[before].next != Int32(slot) { before = Int(nodes[before].next) }
        nodes[before].next = next
    }

    private mutating func grow() {
        buckets = [Int32](repeating: -1, count: buckets.count * 2)
        for slot in nodes.indices where nodes[slot].answer != nil {
            let bucket = bucket(of: nodes[slot].hash)
            nodes[slot].next = buckets[bucket]
            buckets[bucket] = Int32(slot)
        }
    }
}
