package import PluginAPI

/// What one loop counted up to a moment: for other threads, to be merged and read there.
package struct DigestSnapshot: Sendable {
    let entries: PagedSlots<DigestEntry>
    let owners: PagedSlots<SharedSlots<DigestOwner>.Slot>
    let texts: PagedSlots<SharedSlots<DigestText>.Slot>
}

/// The counts of all loops together.
package struct DigestReport {
    private struct Key: Hashable {
        let hostgroup: Int32
        let owner: DigestOwner
        let digest: UInt64
    }

    private struct Row {
        let text: DigestText
        var counts: DigestCounts
    }

    private var rows: [Key: Row] = [:]

    /// The loops' counts, added up; takes some hundred ns an entry.
    package init(merging snapshots: [DigestSnapshot]) {
        rows.reserveCapacity(snapshots.map(\.entries.count).max() ?? 0)
        for snapshot in snapshots { add(snapshot) }
    }

    private mutating func add(_ snapshot: DigestSnapshot) {
        for page in snapshot.entries.pages {
            for entry in page where entry.isUsed {
                guard let owner = snapshot.owners[Int(entry.ownerSlot)].object,
                    let text = snapshot.texts[Int(entry.textSlot)].object
                else { continue }
                let key = Key(hostgroup: entry.hostgroup, owner: owner, digest: entry.digest)
                rows[key, default: Row(text: text, counts: DigestCounts())].counts.merge(entry.counts)
            }
        }
    }

    /// How many rows there are.
    package var count: Int { rows.count }

    /// `stats_mysql_query_digest`'s rows, in no order.
    package var cells: [[Cell]] {
        rows.map { key, row in
            [
                Cell(key.hostgroup), Cell(key.owner.schema), Cell(key.owner.user), Cell(key.owner.client),
                .text(key.digest.shownDigest), .text(String(decoding: row.text.bytes, as: UTF8.self)),
                Cell(row.counts.count), Cell(row.counts.firstSeen), Cell(row.counts.lastSeen), Cell(row.counts.sum),
                Cell(row.counts.shortest), Cell(row.counts.longest), Cell(row.counts.rowsAffected),
                Cell(row.counts.rowsSent),
            ]
        }
    }

    /// The table with ProxySQL's name and columns.
    package static let definition = TableDefinition(
        name: "stats_mysql_query_digest",
        columns: [
            "hostgroup", "schemaname", "username", "client_address", "digest", "digest_text", "count_star",
            "first_seen", "last_seen", "sum_time", "min_time", "max_time", "sum_rows_affected", "sum_rows_sent",
        ],
        key: ["hostgroup", "schemaname", "username", "client_address", "digest"],
        body: """
            hostgroup INT, schemaname VARCHAR NOT NULL, username VARCHAR NOT NULL, client_address VARCHAR NOT NULL, \
            digest VARCHAR NOT NULL, digest_text VARCHAR NOT NULL, count_star INTEGER NOT NULL, \
            first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL, sum_time INTEGER NOT NULL, \
            min_time INTEGER NOT NULL, max_time INTEGER NOT NULL, sum_rows_affected INTEGER NOT NULL, \
            sum_rows_sent INTEGER NOT NULL, PRIMARY KEY (hostgroup, schemaname, username, client_address, digest)
            """)
}

extension UInt64 {
    /// `0x` and 16 hexadecimal digits in capitals.
    package var shownDigest: String {
        let digits = String(self, radix: 16, uppercase: true)
        return "0x" + String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }
}
