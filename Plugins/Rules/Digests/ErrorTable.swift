package import PluginAPI

/// An error that a backend answered.
package struct BackendError: Sendable {
    package var hostgroup: Int32
    package var hostname: String
    package var port: Int
    package var code: UInt16
    /// The server's words; what is behind 512 bytes is cut off.
    package var message: String
    /// When it came, in seconds since 1970.
    package var second: Int64

    package init(
        hostgroup: Int32, hostname: String, port: Int, code: UInt16, message: String, second: Int64
    ) {
        self.hostgroup = hostgroup
        self.hostname = hostname
        self.port = port
        self.code = code
        self.message = message
        self.second = second
    }
}

/// Counts backends' errors by server, owner and number: one event loop's own.
///
/// A full table gives up the error that didn't come for the longest time.
package struct ErrorTable: Sendable {
    struct Key: Hashable {
        let hostgroup: Int32
        let hostname: String
        let port: Int
        let owner: DigestOwner
        let code: UInt16
    }

    struct Entry {
        let key: Key
        var count: UInt64
        var firstSeen: Int64
        var lastSeen: Int64
        var message: String
    }

    private static let longestMessage = 512
    private let limit: Int
    private var slots: [Key: Int] = [:]
    private(set) var entries: [Entry] = []
    private var recency = RecencyList()
    /// Entries given up for others since the table was made; a reset leaves the number.
    package private(set) var evictions: UInt64 = 0

    /// - Parameter limit: the errors that are kept; 0 counts none.
    package init(limit: Int) {
        self.limit = min(max(limit, 0), 1 << 20)
    }

    /// How many errors are kept.
    package var count: Int { entries.count }

    /// Counts an error.
    package mutating func count(_ error: BackendError, of owner: DigestOwner) {
        guard limit > 0 else { return }
        let key = Key(
            hostgroup: error.hostgroup, hostname: error.hostname, port: error.port, owner: owner, code: error.code)
        let message = String(decoding: error.message.utf8.prefix(Self.longestMessage), as: UTF8.self)
        let new = Entry(key: key, count: 1, firstSeen: error.second, lastSeen: error.second, message: message)
        if let slot = slots[key] {
            entries[slot].merge(new)
            recency.use(slot)
        } else {
            insert(new)
        }
    }

    private mutating func insert(_ entry: Entry) {
        var slot = entries.count
        if slot < limit {
            entries.append(entry)
        } else if let oldest = recency.leastRecent {
            slot = oldest
            slots[entries[slot].key] = nil
            recency.remove(slot)
            entries[slot] = entry
            evictions &+= 1
        }
        slots[entry.key] = slot
        recency.add(slot)
    }

    /// Hands out what is counted up to now and starts anew.
    package mutating func takeAll() -> Self {
        let taken = self
        self = Self(limit: limit)
        evictions = taken.evictions
        return taken
    }
}

extension ErrorTable.Entry {
    mutating func merge(_ other: Self) {
        count.saturate(adding: other.count)
        firstSeen = min(firstSeen, other.firstSeen)
        if other.lastSeen >= lastSeen { message = other.message }
        lastSeen = max(lastSeen, other.lastSeen)
    }
}

extension ErrorTable {
    /// `stats_mysql_errors`'s rows for the tables of all loops, in no order.
    package static func cells(merging tables: [Self]) -> [[Cell]] {
        var rows: [Key: Entry] = [:]
        for entry in tables.flatMap(\.entries) {
            if rows[entry.key]?.merge(entry) == nil { rows[entry.key] = entry }
        }
        return rows.values.map { entry in
            [
                Cell(entry.key.hostgroup), Cell(entry.key.hostname), Cell(entry.key.port), Cell(entry.key.owner.user),
                Cell(entry.key.owner.client), Cell(entry.key.owner.schema), Cell(entry.key.code), Cell(entry.count),
                Cell(entry.firstSeen), Cell(entry.lastSeen), Cell(entry.message),
            ]
        }
    }

    /// The table with ProxySQL's name and columns.
    package static let definition = TableDefinition(
        name: "stats_mysql_errors",
        columns: [
            "hostgroup", "hostname", "port", "username", "client_address", "schemaname", "errno", "count_star",
            "first_seen", "last_seen", "last_error",
        ],
        key: ["hostgroup", "hostname", "port", "username", "client_address", "schemaname", "errno"],
        body: """
            hostgroup INT NOT NULL, hostname VARCHAR NOT NULL, port INT NOT NULL, username VARCHAR NOT NULL, \
            client_address VARCHAR NOT NULL, schemaname VARCHAR NOT NULL, errno INT NOT NULL, \
            count_star INTEGER NOT NULL, first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL, \
            last_error VARCHAR NOT NULL, \
            PRIMARY KEY (hostgroup, hostname, port, username, client_address, schemaname, errno)
            """)
}
