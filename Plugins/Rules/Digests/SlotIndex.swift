/// Finds slots of a table by hash: open addressing, linear probing, no tombstones.
///
/// A cell holds 32 bits of the hash beside the slot, so that a slot is looked at only where it is nearly surely the right
/// one, and growing or removing looks at none. At most half of the cells are taken: 16 to 32 bytes a slot.
struct SlotIndex: Sendable {
    /// The hash's upper half, and below it the slot plus one; 0 is a free cell.
    private var cells = [UInt64](repeating: 0, count: 16)
    private var count = 0

    /// The bytes of the cells.
    var memory: Int { cells.count * MemoryLayout<UInt64>.stride }

    /// The slot with this hash that `matches` accepts.
    @inline(__always)
    func slot(_ hash: UInt64, where matches: (Int) -> Bool) -> Int? {
        let mask = cells.count &- 1
        let tag = hash &>> 32
        var place = Int(truncatingIfNeeded: tag) & mask
        while true {
            let cell = cells[place]
            guard cell != 0 else { return nil }
            if cell &>> 32 == tag {
                let slot = Int(cell & 0xFFFF_FFFF) &- 1
                if matches(slot) { return slot }
            }
            place = (place &+ 1) & mask
        }
    }

    /// Adds a slot, which must be below 2³² - 1.
    mutating func insert(_ hash: UInt64, _ slot: Int) {
        if 2 * (count + 1) > cells.count { grow() }
        place(hash & ~0xFFFF_FFFF | UInt64(truncatingIfNeeded: slot &+ 1))
        count += 1
    }

    /// Takes the slot out; nothing happens where it isn't in.
    mutating func remove(_ hash: UInt64, _ slot: Int) {
        let mask = cells.count - 1
        let wanted = hash & ~0xFFFF_FFFF | UInt64(truncatingIfNeeded: slot &+ 1)
        var hole = home(of: wanted, mask)
        while cells[hole] != wanted {
            guard cells[hole] != 0 else { return }
            hole = (hole + 1) & mask
        }
        close(hole, mask)
        count -= 1
    }

    /// Moves cells back over a hole, as far as their homes allow.
    private mutating func close(_ start: Int, _ mask: Int) {
        var hole = start
        var next = (hole + 1) & mask
        while cells[next] != 0 {
            let distance = (next &- home(of: cells[next], mask)) & mask
            if distance >= (next &- hole) & mask {
                cells[hole] = cells[next]
                hole = next
            }
            next = (next + 1) & mask
        }
        cells[hole] = 0
    }

    private mutating func grow() {
        let old = cells
        cells = [UInt64](repeating: 0, count: 2 * old.count)
        for cell in old where cell != 0 { place(cell) }
    }

    private mutating func place(_ cell: UInt64) {
        let mask = cells.count - 1
        var index = home(of: cell, mask)
        while cells[index] != 0 { index = (index + 1) & mask }
        cells[index] = cell
    }

    @inline(__always)
    private func home(of cell: UInt64, _ mask: Int) -> Int { Int(truncatingIfNeeded: cell &>> 32) & mask }
}
