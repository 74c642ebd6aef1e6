/// Values in numbered slots that are used again, each use with a generation of its own.
///
/// A number kept too long is noticed by its generation, so an event that lost a race is dropped instead of hitting
/// whoever has the slot now.
struct SlotTable<Value: BitwiseCopyable & Sendable>: Sendable {
    private var values: [Value] = []
    /// Odd while the slot is in use.
    private var generations: [UInt32] = []
    private var free: [Int32] = []

    /// Slots in use.
    var count: Int { values.count - free.count }

    /// Every slot that was ever in use.
    var slots: Range<Int> { 0..<values.count }

    /// Stores the value and says in which slot.
    mutating func insert(_ value: Value) -> Int {
        guard let slot = free.popLast() else {
            values.append(value)
            generations.append(1)
            return values.count - 1
        }
        values[Int(slot)] = value
        generations[Int(slot)] &+= 1
        return Int(slot)
    }

    /// Gives the slot back; its generation is never seen again (but for a wrap after two thousand million uses).
    mutating func remove(_ slot: Int) {
        generations[slot] &+= 1
        free.append(Int32(slot))
    }

    /// The slot and generation of a value that is done with before anybody could ask for it.
    mutating func pass(_ value: Value) -> (slot: UInt32, generation: UInt32) {
        guard let slot = free.last else {
            let slot = insert(value)
            let generation = generations[slot]
            remove(slot)
            return (UInt32(slot), generation)
        }
        generations[Int(slot)] &+= 2
        return (UInt32(slot), generations[Int(slot)] &- 1)
    }

    func isUsed(_ slot: Int) -> Bool { generations[slot] & 1 == 1 }

    func generation(of slot: Int) -> UInt32 { generations[slot] }

    /// The slot, if this generation is the one that uses it.
    func slot(_ number: UInt32, generation: UInt32) -> Int? {
        let slot = Int(number)
        guard slot < values.count, generations[slot] == generation, isUsed(slot) else { return nil }
        return slot
    }

    subscript(slot: Int) -> Value {
        get { values[slot] }
        _modify { yield &values[slot] }
    }
}
