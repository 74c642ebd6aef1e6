import Dispatch
import Locking
import PluginAPI
import Telemetry

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
        StatisticsTable(LoopsTable.definition) { [self] _ in LoopsTable.rows(ledgerWork()) }
    }

    /// What the loops have counted, by their numbers; nothing where one doesn't answer. The caller's thread waits.
    private func ledgerWork() -> [Int: LedgerWork] {
        let told = DispatchSemaphore(value: 0)
        let shares = Lock<[Int: LedgerWork]>([:])
        let gathering = Gathering<(Int, LedgerWork)>(of: loops.count) { all in
            shares.withLock { shares in
                for (loop, work) in all { shares[loop] = work }
            }
            told.signal()
        }
        for loop in 0..<loops.count {
            loops.post(to: loop) { gathering.add(($0.index, $0.ledgerWork)) }
        }
        guard told.wait(timeout: .now() + Self.patience) == .success else { return [:] }
        return shares.withLock { $0 }
    }
}
