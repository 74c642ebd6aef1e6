extension RuleIndex {
    /// The index of rules that come in the order of their positions, with what each of them asks for.
    static func build(_ rules: [RuleRecord], _ offers: [RuleOffer], _ columns: [RuleColumns]) -> RuleIndex {
        var builder = Builder(rules, offers)
        var members: [RuleColumns: [UInt32]] = [:]
        for (index, columns) in columns.enumerated() { members[columns, default: []].append(UInt32(index)) }
        for (columns, rules) in members.sorted(by: { $0.value[0] < $1.value[0] }) { builder.add(columns, rules) }
        return RuleIndex(
            shapes: builder.shapes, records: builder.records, slots: builder.slots, gates: builder.gates)
    }
}

/// Lays out one shape after the other.
private struct Builder {
    private let rules: [RuleRecord]
    private let offers: [RuleOffer]
    var shapes: [RuleIndex.Shape] = []
    var records: [RuleRecord] = []
    var slots: [RuleIndex.Slot] = []
    var gates: [RuleIndex.Gate] = []

    init(_ rules: [RuleRecord], _ offers: [RuleOffer]) {
        self.rules = rules
        self.offers = offers
        records.reserveCapacity(rules.count)
    }

    /// Adds the rules with conditions on these columns.
    mutating func add(_ columns: RuleColumns, _ members: [UInt32]) {
        let groups = groups(columns, members)
        place(members, groups)
        var shape = RuleIndex.Shape(
            columns: columns, firstSlot: slots.count, slotCount: Hashing.slots(for: groups.sizes.count))
        fillSlots(shape, groups)
        if columns.contains(.digest) {
            shape.firstGate = gates.count
            shape.gateCount = Hashing.slots(for: members.count)
            fillGates(shape, members)
        }
        shapes.append(shape)
    }

    private struct Groups {
        /// The group of each member.
        var of: [UInt32] = []
        var sizes: [UInt32] = []
        /// The first member of each group.
        var firsts: [UInt32] = []
    }

    /// Numbers the different keys in the order of their first rules.
    private func groups(_ columns: RuleColumns, _ members: [UInt32]) -> Groups {
        var groups = Groups()
        groups.of.reserveCapacity(members.count)
        var table = [UInt32](repeating: .max, count: Hashing.slots(for: members.count))
        for member in members {
            let key = rules[Int(member)].key
            var index = Hashing.slot(offers[Int(member)].hash(columns), of: table.count)
            while table[index] != .max, rules[Int(groups.firsts[Int(table[index])])].key != key {
                index = index + 1 == table.count ? 0 : index + 1
            }
            if table[index] == .max {
                table[index] = UInt32(groups.firsts.count)
                groups.firsts.append(member)
                groups.sizes.append(0)
            }
            groups.of.append(table[index])
            groups.sizes[Int(table[index])] += 1
        }
        return groups
    }

    /// Appends the records, group by group, each group in the order of positions.
    private mutating func place(_ members: [UInt32], _ groups: Groups) {
        var places: [Int] = []
        places.reserveCapacity(groups.sizes.count)
        var next = records.count
        for size in groups.sizes {
            places.append(next)
            next += Int(size)
        }
        records.append(contentsOf: repeatElement(RuleRecord(), count: members.count))
        for (member, group) in zip(members, groups.of) {
            var record = rules[Int(member)]
            record.groupCount = groups.sizes[Int(group)]
            records[places[Int(group)]] = record
            places[Int(group)] += 1
        }
    }

    private mutating func fillSlots(_ shape: RuleIndex.Shape, _ groups: Groups) {
        slots.append(contentsOf: repeatElement(RuleIndex.Slot(), count: shape.slotCount))
        var first = records.count - groups.of.count
        for (size, member) in zip(groups.sizes, groups.firsts) {
            let hash = offers[Int(member)].hash(shape.columns)
            var index = Hashing.slot(hash, of: shape.slotCount)
            while slots[shape.firstSlot + index].record != RuleRecord.nothing {
                index = index + 1 == shape.slotCount ? 0 : index + 1
            }
            slots[shape.firstSlot + index] = RuleIndex.Slot(
                record: UInt32(first), tag: UInt32(truncatingIfNeeded: hash))
            first += Int(size)
        }
    }

    private mutating func fillGates(_ shape: RuleIndex.Shape, _ members: [UInt32]) {
        gates.append(contentsOf: repeatElement(RuleIndex.Gate(), count: shape.gateCount))
        for member in members {
            let hash = offers[Int(member)].hash(shape.columns.subtracting(.digest))
            var index = Hashing.slot(hash, of: shape.gateCount)
            while gates[shape.firstGate + index].position != RuleRecord.nothing,
                gates[shape.firstGate + index].hash != hash
            {
                index = index + 1 == shape.gateCount ? 0 : index + 1
            }
            guard gates[shape.firstGate + index].position == RuleRecord.nothing else { continue }
            gates[shape.firstGate + index] = RuleIndex.Gate(hash: hash, position: rules[Int(member)].position)
        }
    }
}
