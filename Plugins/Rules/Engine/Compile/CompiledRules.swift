import Locking
import PluginAPI

/// The rules and fast routes in use: made once, never changed, shared by all loops.
///
/// Only counters change, and they are atomic.
final class CompiledRules: Sendable {
    let index: RuleIndex
    let names: NameTable
    let fastRoutes: FastRoutes
    let conditions: FrozenArray<RuleConditions>
    let actions: FrozenArray<RuleActions>
    let regexes: FrozenArray<Regex>
    /// Messages for clients.
    let messages: [[UInt8]]
    let replacements: [ReplaceTemplate]
    let weightedFlags: [[WeightedFlag]]
    /// Whether a rule wants statements to see the session's own transactions, so that these must be remembered.
    let asksForGTIDs: Bool
    /// The `rule_id`s by position.
    let ruleIDs: FrozenArray<Int64>

    private let pool: RegexPool
    private let rows: PackedRows
    private let allHits = Lock<[RuleHits]>([])

    init(
        _ rules: RulesCompiler, index: consuming RuleIndex, names: consuming NameTable, fastRoutes: consuming FastRoutes
    ) {
        self.index = index
        self.names = names
        self.fastRoutes = fastRoutes
        conditions = FrozenArray(rules.conditions)
        actions = FrozenArray(rules.actions)
        regexes = FrozenArray(rules.pool.regexes)
        asksForGTIDs = rules.actions.contains { $0.gtidFromHostgroup != nil }
        messages = rules.messages
        replacements = rules.replacements
        weightedFlags = rules.weightedFlags
        ruleIDs = FrozenArray(rules.ruleIDs)
        rows = rules.rows
        pool = rules.pool
        mostGroups = rules.pool.mostGroups
    }

    /// How many rules there are.
    var count: Int { ruleIDs.count }

    /// The most groups that a pattern captures.
    let mostGroups: UInt32

    /// Counters for one loop; they count until this set of rules is replaced.
    func makeHits() -> RuleHits {
        let hits = RuleHits(count: count)
        allHits.withLock { $0.append(hits) }
        return hits
    }

    /// How often each rule was used, by position, over all loops.
    func hits() -> [UInt64] {
        let loops = allHits.withLock { $0 }
        return (0..<count).map { position in loops.reduce(0) { $0 &+ $1[position] } }
    }

    /// The rows of `mysql_query_rules` that are in use.
    func ruleRows() -> [[Cell]] {
        (0..<rows.count).map { rows.row($0, columns: QueryRuleColumn.names.count) }
    }

    /// The rows of `mysql_query_rules_fast_routing`, and how often each was used.
    func fastRouteRows() -> (rows: [[Cell]], hits: [UInt64]) {
        var rows: [[Cell]] = []
        var hits: [UInt64] = []
        rows.reserveCapacity(fastRoutes.count)
        hits.reserveCapacity(fastRoutes.count)
        for index in 0..<fastRoutes.count {
            let row = fastRoutes.row(index)
            rows.append([
                text(row.key.username), text(row.key.schemaname), Cell(row.key.flag), Cell(row.destination),
                text(row.comment),
            ])
            hits.append(fastRoutes.hits(index))
        }
        return (rows, hits)
    }

    private func text(_ symbol: Symbol) -> Cell {
        .text(String(decoding: names.name(symbol), as: UTF8.self))
    }

    /// Bytes of memory for the rules with what shows them and the counters of all loops, and for fast routes; names are
    /// the second's.
    var memory: (rules: Int, fastRouting: Int) {
        let loops = allHits.withLock { $0.count }
        let rules =
            index.memory + conditions.memory + actions.memory + regexes.memory + pool.memory + rows.memory
            + ruleIDs.memory * (1 + loops)
        return (rules, fastRoutes.memory + names.memory)
    }
}
