/// A binary min-heap of slots by key, in which any slot can be moved or taken out: O(log n) each.
///
/// Slots are small numbers; a table by slot says where each stands, so nothing stale is ever left in the heap.
struct IndexedHeap: Sendable {
    private var entries: [Entry] = []
    /// Where a slot stands in `entries`; -1 where it is absent.
    private var positions: [Int32] = []

    private struct Entry: BitwiseCopyable {
        var key: UInt64
        let slot: Int32
    }

    var count: Int { entries.count }

    var isEmpty: Bool { entries.isEmpty }

    /// The slot with the smallest key.
    var first: Int? { entries.isEmpty ? nil : Int(entries[0].slot) }

    /// The smallest key.
    var firstKey: UInt64? { entries.isEmpty ? nil : entries[0].key }

    func contains(_ slot: Int) -> Bool {
        slot < positions.count && positions[slot] >= 0
    }

    /// Puts the slot in, or moves it to where its new key belongs.
    mutating func set(_ slot: Int, key: UInt64) {
        while positions.count <= slot { positions.append(-1) }
        var position = Int(positions[slot])
        if position < 0 {
            position = entries.count
            entries.append(Entry(key: key, slot: Int32(slot)))
            positions[slot] = Int32(position)
        } else if entries[position].key == key {
            return
        }
        entries[position].key = key
        Self.sift(position, &entries, &positions)
    }

    /// Takes the slot out, if it is there.
    mutating func remove(_ slot: Int) {
        guard contains(slot) else { return }
        let position = Int(positions[slot])
        positions[slot] = -1
        let last = entries.removeLast()
        guard position < entries.count else { return }
        entries[position] = last
        positions[Int(last.slot)] = Int32(position)
        Self.sift(position, &entries, &positions)
    }

    /// Moves the entry at `start` to where its key belongs. Over spans, as each write to an array asks anew whether that is
    /// the only owner of its memory.
    private static func sift(_ start: Int, _ entries: inout [Entry], _ positions: inout [Int32]) {
        var entries = entries.mutableSpan
        var positions = positions.mutableSpan
        siftDown(siftUp(start, &entries, &positions), &entries, &positions)
    }

    private static func siftUp(
        _ start: Int, _ entries: inout MutableSpan<Entry>, _ positions: inout MutableSpan<Int32>
    ) -> Int {
        let entry = entries[start]
        var position = start
        while position > 0 {
            let parent = (position - 1) / 2
            guard entry.key < entries[parent].key else { break }
            place(entries[parent], at: position, &entries, &positions)
            position = parent
        }
        place(entry, at: position, &entries, &positions)
        return position
    }

    private static func siftDown(
        _ start: Int, _ entries: inout MutableSpan<Entry>, _ positions: inout MutableSpan<Int32>
    ) {
        let entry = entries[start]
        var position = start
        while true {
            var child = 2 * position + 1
            guard child < entries.count else { break }
            if child + 1 < entries.count, entries[child + 1].key < entries[child].key { child += 1 }
            guard entries[child].key < entry.key else { break }
            place(entries[child], at: position, &entries, &positions)
            position = child
        }
        place(entry, at: position, &entries, &positions)
    }

    private static func place(
        _ entry: Entry, at position: Int, _ entries: inout MutableSpan<Entry>, _ positions: inout MutableSpan<Int32>
    ) {
        entries[position] = entry
        positions[Int(entry.slot)] = Int32(position)
    }
}
