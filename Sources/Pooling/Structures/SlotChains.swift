/// The links of doubly linked lists over slots; a slot is in one of the lists at most.
struct SlotChains: Sendable {
    private var links: [Link] = []

    private struct Link: BitwiseCopyable {
        var previous: Int32 = -1
        var next: Int32 = -1
    }

    /// The slot after this one.
    func next(after slot: Int) -> Int? { Self.slot(links[slot].next) }

    /// The slot before this one.
    func previous(before slot: Int) -> Int? { Self.slot(links[slot].previous) }

    private static func slot(_ number: Int32) -> Int? { number < 0 ? nil : Int(number) }

    mutating func append(_ slot: Int, to chain: inout SlotChain) {
        insert(slot, after: chain.last, in: &chain)
    }

    /// Puts the slot behind `other`, or first where that is nil.
    mutating func insert(_ slot: Int, after other: Int?, in chain: inout SlotChain) {
        while links.count <= slot { links.append(Link()) }
        let next = other.map { links[$0].next } ?? chain.head
        links[slot] = Link(previous: Int32(other ?? -1), next: next)
        if let other { links[other].next = Int32(slot) } else { chain.head = Int32(slot) }
        if next >= 0 { links[Int(next)].previous = Int32(slot) } else { chain.tail = Int32(slot) }
        chain.count += 1
    }

    /// Takes the slot out of the chain that it is in.
    mutating func remove(_ slot: Int, from chain: inout SlotChain) {
        let link = links[slot]
        if link.previous >= 0 { links[Int(link.previous)].next = link.next } else { chain.head = link.next }
        if link.next >= 0 { links[Int(link.next)].previous = link.previous } else { chain.tail = link.previous }
        links[slot] = Link()
        chain.count -= 1
    }
}

/// Where a list over slots begins and ends.
struct SlotChain: BitwiseCopyable, Sendable {
    fileprivate(set) var count = 0
    fileprivate var head: Int32 = -1
    fileprivate var tail: Int32 = -1

    var first: Int? { head < 0 ? nil : Int(head) }
    var last: Int? { tail < 0 ? nil : Int(tail) }
    var isEmpty: Bool { head < 0 }
}
