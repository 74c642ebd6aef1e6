import Locking

/// `mysql_query_rules_fast_routing` as one hash table: a look-up touches one line of it, hit counter included.
///
/// The counters are the only thing that changes; all loops share them.
struct FastRoutes: ~Copyable, @unchecked Sendable {
    /// 32 bytes, so that it never lies in two cache lines.
    struct Slot: ~Copyable {
        var key = FastRouteKey()
        var destination: UInt32 = 0
        var comment = Symbol.none
        /// The low bits of the hash, so that rows of other keys are told apart without their names.
        var tag: UInt32 = 0
        let hits = Atomic<UInt64>(0)
    }

    // Invariant: `slotCount` initialised slots of which one at least is free; only `hits` change after the initialiser.
    private let slots: UnsafeMutablePointer<Slot>
    private let slotCount: Int
    /// The slots in the order of the rows.
    private let order: FrozenArray<UInt32>

    init(_ rows: [FastRouteRow], _ order: consuming FrozenArray<UInt32>, _ slotCount: Int) {
        self.slotCount = slotCount
        slots = .allocate(capacity: slotCount)
        for index in 0..<slotCount { (slots + index).initialize(to: Slot()) }
        for (index, row) in rows.enumerated() {
            let slot = slots + Int(order[index])
            slot.pointee.key = row.key
            slot.pointee.destination = row.destination
            slot.pointee.comment = row.comment
            slot.pointee.tag = UInt32(truncatingIfNeeded: row.hash)
        }
        self.order = order
        hasRowsForAllUsers = rows.contains { $0.isForAllUsers }
    }

    deinit {
        slots.deinitialize(count: slotCount)
        slots.deallocate()
    }

    var count: Int { order.count }

    /// Whether some row is for all users.
    let hasRowsForAllUsers: Bool

    var memory: Int { slotCount * MemoryLayout<Slot>.stride + order.memory }

    /// The destination of a user's schema with the flag, which is counted; nil where there is no such row.
    @inline(__always)
    func destination(
        _ username: SessionName, _ schemaname: SessionName, flag: UInt32, _ names: borrowing NameTable, counting: Bool
    ) -> UInt32? {
        let hash = FastRouteKey.hash(username.hash, schemaname.hash, flag)
        let tag = UInt32(truncatingIfNeeded: hash)
        var index = Hashing.slot(hash, of: slotCount)
        while slots[index].key.schemaname != .none {
            let isMeant =
                slots[index].tag == tag && slots[index].key.flag == flag
                && names.means(slots[index].key.schemaname, schemaname.bytes)
                && names.means(slots[index].key.username, username.bytes)
            if isMeant {
                if counting { slots[index].hits.wrappingAdd(1, ordering: .relaxed) }
                return slots[index].destination
            }
            index &+= 1
            if index == slotCount { index = 0 }
        }
        return nil
    }

    /// A row, in the order in which they came.
    func row(_ index: Int) -> (key: FastRouteKey, destination: UInt32, comment: Symbol) {
        let slot = slots + Int(order[index])
        return (slot.pointee.key, slot.pointee.destination, slot.pointee.comment)
    }

    /// How often a row was used since it was loaded.
    func hits(_ index: Int) -> UInt64 {
        slots[Int(order[index])].hits.load(ordering: .relaxed)
    }
}

/// What a route is looked up by.
struct FastRouteKey: BitwiseCopyable, Equatable, Sendable {
    var username = Symbol.none
    var schemaname = Symbol.none
    var flag: UInt32 = 0

    @inline(__always)
    static func hash(_ username: UInt64, _ schemaname: UInt64, _ flag: UInt32) -> UInt64 {
        Hashing.mix(Hashing.mix(UInt64(flag) &+ 1, username), schemaname)
    }
}

/// A row of the table, its names as symbols.
struct FastRouteRow: BitwiseCopyable, Sendable {
    let key: FastRouteKey
    let hash: UInt64
    let destination: UInt32
    let comment: Symbol
    let isForAllUsers: Bool
}
