import Dispatch
import PluginAPI

/// `LOAD MYSQL QUERY RULES TO RUNTIME` and its like: the rules and fast routes of the process as tables.
final class RulesSection: ConfigurationSection {
    let name = "MYSQL QUERY RULES"
    let tables = [TableDefinition.queryRules, TableDefinition.fastRouting]
    private let host: any PluginHost
    private let book: RulesBook
    private let loops: RulesLoops

    init(host: any PluginHost, book: RulesBook, loops: RulesLoops) {
        self.host = host
        self.book = book
        self.loops = loops
    }

    /// The rows in use; of rules that aren't active nothing is kept.
    func running() -> TableContents {
        let rules = book.current.rules
        return [
            TableDefinition.queryRules.name: rules.ruleRows(),
            TableDefinition.fastRouting.name: rules.fastRouteRows().rows,
        ]
    }

    func prepare(_ contents: TableContents) throws(ConfigurationFault) -> PreparedConfiguration {
        let rows = contents[TableDefinition.queryRules.name] ?? []
        let routes = contents[TableDefinition.fastRouting.name] ?? []
        let (compiled, warnings) = try CompiledRules.compile(rules: rows, fastRoutes: routes)
        let useWarnings = RuleUse(rows, routes).warnings(host)
        return PreparedConfiguration(warnings: warnings + useWarnings) { [book, loops] in
            Self.retire(book.use(compiled), loops)
        }
    }

    /// How long event loops may take to let go of old rules.
    private static let retirement = DispatchTimeInterval.seconds(1)

    /// Lets the event loops go first, so that none of them frees a hundred thousand rules.
    private static func retire(_ old: RulesInUse, _ loops: RulesLoops) {
        loops.post { $0.takeNewRules() }
        DispatchQueue.global().asyncAfter(deadline: .now() + retirement) { withExtendedLifetime(old) {} }
    }
}

/// What rules ask for, as far as the process may be unable to do it.
struct RuleUse {
    /// The `rule_id`s that use a column, the first of them and how many.
    private struct Uses {
        var first: Cell
        var count = 1
    }

    private var uses: [QueryRuleColumn: Uses] = [:]
    private var destinations: Set<Int64> = []
    private let fastRoutes: Int

    /// Columns that only the funnel follows.
    private static let needFunnel: [QueryRuleColumn] = [
        .destinationHostgroup, .retries, .multiplex, .cacheTTL, .mirrorHostgroup, .mirrorFlagOut, .gtidFromHostgroup,
    ]

    init(_ rules: [[Cell]], _ routes: [[Cell]]) {
        fastRoutes = routes.count
        for row in rules where row.count > QueryRuleColumn.comment.rawValue {
            guard row[QueryRuleColumn.active.rawValue].integer == 1 else { continue }
            for column in Self.needFunnel where row[column.rawValue] != .null {
                uses[column, default: Uses(first: row[0], count: 0)].count += 1
            }
            for column in [QueryRuleColumn.destinationHostgroup, .mirrorHostgroup, .gtidFromHostgroup] {
                if let destination = row[column.rawValue].integer { destinations.insert(destination) }
            }
        }
        for row in routes {
            if let destination = row[3].integer { destinations.insert(destination) }
        }
    }

    /// What the administrator should know.
    func warnings(_ host: any PluginHost) -> [String] {
        host.servesSessions ? serverWarnings(host.backends.hostgroups) : funnelWarnings
    }

    private func told(_ column: QueryRuleColumn) -> String? {
        guard let uses = uses[column] else { return nil }
        let others = uses.count > 1 ? " and \(uses.count - 1) more" : ""
        return "\(TableDefinition.queryRules.name), rule_id \(uses.first.text ?? "")\(others): \(column.name)"
    }

    private var funnelWarnings: [String] {
        let remedy = "without the funnel a session stays with one server (--plugins=proxy,rules,funnel)"
        var warnings = Self.needFunnel.compactMap { column in told(column).map { "\($0) can't be followed: \(remedy)" }
        }
        if fastRoutes > 0 {
            warnings.append("\(TableDefinition.fastRouting.name): \(fastRoutes) rows can't be followed: \(remedy)")
        }
        return warnings
    }

    private func serverWarnings(_ hostgroups: Hostgroups) -> [String] {
        let empty = destinations.sorted().filter { hostgroups[Int(clamping: $0)].isEmpty }
        guard !empty.isEmpty else { return [] }
        let shown = empty.prefix(20).map(String.init).joined(separator: ", ")
        let more = empty.count > 20 ? " and \(empty.count - 20) more" : ""
        return ["rules send statements to hostgroups without a server (table mysql_servers): \(shown)\(more)"]
    }
}
