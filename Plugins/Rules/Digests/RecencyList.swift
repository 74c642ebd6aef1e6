/// The slots of a table by when each was used last: a doubly linked list in one array, eight bytes a slot.
struct RecencyList: Sendable {
    private struct Link {
        var newer: UInt32
        var older: UInt32
    }

    private static let none = UInt32.max
    private var links: [Link] = []
    private var newest = Self.none
    private var oldest = Self.none

    /// The bytes of the links.
    var memory: Int { links.capacity * MemoryLayout<Link>.stride }

    /// The slot that wasn't used for the longest time.
    var leastRecent: Int? { oldest == Self.none ? nil : Int(oldest) }

    /// Notes that a slot of the list was used now.
    @inline(__always)
    mutating func use(_ slot: Int) {
        guard UInt32(truncatingIfNeeded: slot) != newest else { return }
        remove(slot)
        add(slot)
    }

    /// Adds a slot, which is the most recent one; slots are numbered from 0 without gaps, and below 2³² - 1.
    mutating func add(_ slot: Int) {
        let link = Link(newer: Self.none, older: newest)
        if slot == links.count { links.append(link) } else { links[slot] = link }
        if newest != Self.none { links[Int(newest)].newer = UInt32(truncatingIfNeeded: slot) }
        newest = UInt32(truncatingIfNeeded: slot)
        if oldest == Self.none { oldest = newest }
    }

    /// Takes a slot of the list out.
    mutating func remove(_ slot: Int) {
        let link = links[slot]
        if link.newer == Self.none { newest = link.older } else { links[Int(link.newer)].older = link.older }
        if link.older == Self.none { oldest = link.newer } else { links[Int(link.older)].newer = link.newer }
    }
}
