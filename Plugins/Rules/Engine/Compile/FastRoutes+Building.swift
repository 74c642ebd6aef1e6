import PluginAPI

extension FastRoutes {
    /// The table of checked rows; every name goes to `names`.
    static func build(
        _ rows: [[Cell]], _ names: inout NameTableBuilder
    ) throws(ConfigurationFault) -> FastRoutes {
        var read: [FastRouteRow] = []
        read.reserveCapacity(rows.count)
        for cells in rows { read.append(try row(cells, &names)) }
        let slotCount = Hashing.slots(for: read.count)
        var owners = [UInt32](repeating: .max, count: slotCount)
        var order: [UInt32] = []
        order.reserveCapacity(read.count)
        for (index, row) in read.enumerated() {
            guard let slot = freeSlot(row, read, owners) else {
                let reader = try RowReader(rows[index], of: .fastRouting)
                throw ConfigurationFault(
                    table: reader.table.name, row: reader.row, reason: "there are two such rows; delete one")
            }
            owners[slot] = UInt32(index)
            order.append(UInt32(slot))
        }
        return FastRoutes(read, FrozenArray(order), slotCount)
    }

    /// The slot for a key that no other row has.
    @inline(__always)
    private static func freeSlot(_ row: FastRouteRow, _ rows: [FastRouteRow], _ owners: [UInt32]) -> Int? {
        var slot = Hashing.slot(row.hash, of: owners.count)
        while owners[slot] != .max {
            if rows[Int(owners[slot])].key == row.key { return nil }
            slot = slot + 1 == owners.count ? 0 : slot + 1
        }
        return slot
    }

    private static func row(
        _ cells: [Cell], _ names: inout NameTableBuilder
    ) throws(ConfigurationFault) -> FastRouteRow {
        let reader = try RowReader(cells, of: .fastRouting)
        @inline(__always)
        func name(_ column: Int) throws(ConfigurationFault) -> (symbol: Symbol, hash: UInt64) {
            guard let name = names.add(try reader.requiredText(column)) else {
                throw reader.fault(column, "all names together take over 4 GB; make them shorter or fewer")
            }
            return name
        }
        let (username, schemaname) = (try name(0), try name(1))
        let flag = try reader.required(2, in: .hostgroups)
        return FastRouteRow(
            key: FastRouteKey(username: username.symbol, schemaname: schemaname.symbol, flag: flag),
            hash: FastRouteKey.hash(username.hash, schemaname.hash, flag),
            destination: try reader.required(3, in: .hostgroups), comment: try name(4).symbol,
            isForAllUsers: username.hash == SessionName.empty.hash)
    }
}
