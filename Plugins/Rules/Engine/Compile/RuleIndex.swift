/// Finds the rules whose equality conditions hold, by one hash look-up for each combination of columns that rules use.
struct RuleIndex: ~Copyable, Sendable {
    struct Slot: BitwiseCopyable {
        /// The first record of the key.
        var record = RuleRecord.nothing
        /// The low bits of the hash, so that records of other keys needn't be looked at.
        var tag: UInt32 = 0
    }

    /// The rules that have conditions on the same columns.
    struct Shape: BitwiseCopyable {
        var columns: RuleColumns
        /// Where its hash table is among all slots.
        var firstSlot: Int
        var slotCount: Int
        /// Where the table of its keys without digest is, for shapes with one: it tells without a digest where the
        /// first rule is that needs one.
        var firstGate = 0
        var gateCount = 0
    }

    /// The first rule with a key whose digest isn't known yet.
    struct Gate: BitwiseCopyable {
        var hash: UInt64 = 0
        var position = RuleRecord.nothing
    }

    let shapes: FrozenArray<Shape>
    let records: FrozenArray<RuleRecord>
    private let slots: FrozenArray<Slot>
    private let gates: FrozenArray<Gate>
    init(shapes: [Shape], records: [RuleRecord], slots: [Slot], gates: [Gate]) {
        self.shapes = FrozenArray(shapes)
        self.records = FrozenArray(records)
        self.slots = FrozenArray(slots)
        self.gates = FrozenArray(gates)
    }

    var memory: Int { shapes.memory + records.memory + slots.memory + gates.memory }

    /// The first record of a shape's rules whose equalities hold; nil for none.
    @inline(__always)
    func first(
        _ offer: RuleOffer, in shape: UnsafePointer<Shape>, of subject: RouteSubject, _ names: borrowing NameTable
    ) -> Int? {
        let hash = offer.hash(shape.pointee.columns)
        let tag = UInt32(truncatingIfNeeded: hash)
        let count = shape.pointee.slotCount
        var index = Hashing.slot(hash, of: count)
        while true {
            let slot = slots[shape.pointee.firstSlot &+ index]
            // Some slot is always free, so that the search ends.
            if slot.record == RuleRecord.nothing { return nil }
            if slot.tag == tag {
                let key = records.address(Int(slot.record))
                if Self.holds(key, offer, shape.pointee.columns, subject, names) { return Int(slot.record) }
            }
            index &+= 1
            if index == count { index = 0 }
        }
    }

    /// Whether the record is really one of those that the hash stands for.
    @inline(__always)
    private static func holds(
        _ record: UnsafePointer<RuleRecord>, _ offer: RuleOffer, _ columns: RuleColumns, _ subject: RouteSubject,
        _ names: borrowing NameTable
    ) -> Bool {
        guard record.pointee.key.flag == offer.flag else { return false }
        if columns.contains(.username), !names.means(record.pointee.key.username, subject.username.bytes) {
            return false
        }
        if columns.contains(.schemaname), !names.means(record.pointee.key.schemaname, subject.schemaname.bytes) {
            return false
        }
        guard columns.rawValue > RuleColumns.schemaname.union(.username).rawValue else { return true }
        return holdsRest(record, offer, columns, subject, names)
    }

    private static func holdsRest(
        _ record: UnsafePointer<RuleRecord>, _ offer: RuleOffer, _ columns: RuleColumns, _ subject: RouteSubject,
        _ names: borrowing NameTable
    ) -> Bool {
        let key = record.pointee.key
        if columns.contains(.clientAddress), !names.means(key.clientAddress, subject.clientAddress.bytes) {
            return false
        }
        if columns.contains(.proxyAddress), !names.means(key.proxyAddress, subject.proxyAddress.bytes) { return false }
        if columns.contains(.proxyPort), key.proxyPort != offer.proxyPort { return false }
        return !columns.contains(.digest) || key.digest == offer.digest
    }

    /// At which position the first rule may be that has all that is offered but the digest; `nothing` for none.
    @inline(__always)
    func gate(_ offer: RuleOffer, in shape: UnsafePointer<Shape>) -> UInt32 {
        let hash = offer.hash(shape.pointee.columns.subtracting(.digest))
        let count = shape.pointee.gateCount
        var index = Hashing.slot(hash, of: count)
        while true {
            let gate = gates[shape.pointee.firstGate &+ index]
            if gate.position == RuleRecord.nothing || gate.hash == hash { return gate.position }
            index &+= 1
            if index == count { index = 0 }
        }
    }

    /// The first record of a run of equal keys whose position isn't below `position`; `end` for none.
    @inline(__always)
    func record(from first: Int, to end: Int, notBefore position: UInt32) -> Int {
        if records.address(first).pointee.position >= position { return first }
        var (low, high) = (first + 1, end)
        while low < high {
            let middle = (low + high) / 2
            if records.address(middle).pointee.position < position { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
