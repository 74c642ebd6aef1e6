/// A loop's open connections, each in a numbered slot that is used again after its end.
///
/// Who is in it: every accepted connection, from its accept to its end. It keeps them alive.
struct SessionTable<Element: AnyObject> {
    private var slots: [Element?] = []
    private var generations: [UInt32] = []
    private var free: [Int] = []

    /// How many connections are open.
    var count: Int { slots.count - free.count }

    /// Makes an element for a free slot; generations count from 1.
    mutating func insert(_ make: (_ slot: Int, _ generation: UInt32) -> Element) -> Element {
        let slot: Int
        if let reused = free.popLast() {
            slot = reused
        } else {
            slot = slots.count
            slots.append(nil)
            generations.append(0)
        }
        generations[slot] &+= 1
        let element = make(slot, generations[slot])
        slots[slot] = element
        return element
    }

    /// Frees the slot and gives back who was in it.
    mutating func remove(_ slot: Int) -> Element? {
        guard slots.indices.contains(slot), let element = slots[slot] else { return nil }
        slots[slot] = nil
        free.append(slot)
        return element
    }

    /// The open connections at this moment, safe against changes while they are walked.
    var all: [Element] { slots.compactMap { $0 } }

    /// Those in so many slots from one on; with the slot to go on from, nil behind the last one.
    func some(from first: Int, atMost count: Int) -> (found: [Element], next: Int?) {
        guard first < slots.count else { return ([], nil) }
        let end = min(slots.count, first + count)
        return (slots[first..<end].compactMap { $0 }, end < slots.count ? end : nil)
    }
}
