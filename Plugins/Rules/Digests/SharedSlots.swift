/// Objects that entries share, each kept as long as an entry uses it.
struct SharedSlots<Object: AnyObject & Sendable>: Sendable {
    struct Slot: Sendable {
        var object: Object?
        var uses = 0
    }

    private(set) var slots = PagedSlots<Slot>()
    private var free: [UInt32] = []
    private var index = SlotIndex()
    /// The bytes of the objects, as their owners say.
    private(set) var objectMemory = 0

    /// The bytes of all of it.
    var memory: Int { objectMemory + slots.memory + index.memory + free.capacity * MemoryLayout<UInt32>.stride }

    /// The object in a slot, if the slot is used.
    func object(_ slot: UInt32) -> Object? { slots[Int(slot)].object }

    /// The kept object that `matches` accepts.
    @inline(__always)
    func slot(_ hash: UInt64, where matches: (Object) -> Bool) -> UInt32? {
        let found = index.slot(hash) { slot in
            guard let object = slots[slot].object else { return false }
            return matches(object)
        }
        return found.map { UInt32(truncatingIfNeeded: $0) }
    }

    /// Keeps an object that isn't kept yet, for one use.
    mutating func add(_ object: Object, _ hash: UInt64, memory: Int) -> UInt32 {
        let slot = free.popLast().map { Int($0) } ?? slots.count
        let content = Slot(object: object, uses: 1)
        if slot == slots.count { slots.append(content) } else { slots[slot] = content }
        index.insert(hash, slot)
        objectMemory += memory
        return UInt32(truncatingIfNeeded: slot)
    }

    mutating func use(_ slot: UInt32) { slots[Int(slot)].uses += 1 }

    /// Ends one use; the last one frees the slot.
    mutating func release(_ slot: UInt32, _ hash: UInt64, memory: Int) {
        slots[Int(slot)].uses -= 1
        guard slots[Int(slot)].uses == 0 else { return }
        slots[Int(slot)].object = nil
        index.remove(hash, Int(slot))
        free.append(slot)
        objectMemory -= memory
    }
}
