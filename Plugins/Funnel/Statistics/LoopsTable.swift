import PluginAPI

/// What one loop has had to do with the lease books, which all loops share; changed on its thread only.
struct LedgerWork: BitwiseCopyable, Sendable {
    /// How often it has locked one.
    var locked = 0
    /// Of these, how often another thread had it.
    var waits = 0
    /// Things that the books wanted done and another loop had to do, for instance to bring a connection.
    var sent = 0
}

/// `stats_funnel_loops`: what the event loops cost each other.
struct LoopsTable {
    static let definition = TableDefinition(
        name: "stats_funnel_loops", columns: ["loop", "locks", "lock_waits", "sent"], key: ["loop"],
        body: "loop INT NOT NULL PRIMARY KEY,\nlocks INT,\nlock_waits INT,\nsent INT")

    /// The rows by loop.
    static func rows(_ shares: [Int: LedgerWork]) -> [[Cell]] {
        shares.sorted { $0.key < $1.key }.map { loop, work in
            [Cell(loop), Cell(work.locked), Cell(work.waits), Cell(work.sent)]
        }
    }
}

extension Funnel {
    /// The table, made once.
    var loopsTable: StatisticsTable {
        StatisticsTable(LoopsTable.definition) { [self] _ in
            let shares = gathered { ($0.index, $0.ledgerWork) } ?? []
            return LoopsTable.rows(Dictionary(uniqueKeysWithValues: shares))
        }
    }
}
