import Locking
import PluginAPI

/// What rules and loops have counted, as tables.
struct RulesStatistics: Sendable {
    private let book: RulesBook
    private let loops: RulesLoops

    init(book: RulesBook, loops: RulesLoops) {
        self.book = book
        self.loops = loops
    }

    var tables: [StatisticsTable] {
        [
            StatisticsTable(Self.ruleHits, isMetric: false) { [book] _ in Self.ruleRows(book.current.rules) },
            StatisticsTable(Self.fastRouteHits, isMetric: false) { [book] _ in
                Self.fastRouteRows(book.current.rules)
            },
            StatisticsTable(DigestReport.definition, isResettable: true, isMetric: false) { [loops] reset in
                let shares = loops.ask { reset ? $0.digests.takeAll() : $0.digests.snapshot }
                return DigestReport(merging: shares).cells
            },
            StatisticsTable(ErrorTable.definition, isResettable: true, isMetric: false) { [loops] reset in
                ErrorTable.cells(merging: loops.ask { reset ? $0.errors.takeAll() : $0.errors })
            },
            StatisticsTable(CommandCounters.definition) { [loops] _ in
                loops.ask(\.commands).reduce(into: CommandCounters()) { $0.merge($1) }.cells
            },
        ]
    }

    /// Numbers of `stats_mysql_global`.
    var globals: @Sendable () -> [NamedNumber] {
        { [book, loops] in
            let shares = loops.ask { LoopShare($0) }
            return [
                NamedNumber("Query_Processor_time_nsec", shares.reduce(0) { $0 &+ $1.decisionTime }),
                NamedNumber("Query_Digests", shares.reduce(0) { $0 + $1.digests }),
                NamedNumber("Query_Digests_evicted", shares.reduce(0) { $0 &+ $1.evictions }),
                NamedNumber("Query_Rules_searches_given_up", shares.reduce(0) { $0 + $1.searchesGivenUp }),
            ] + book.cache.statistics.rows.map { NamedNumber($0.name, $0.value) }
        }
    }

    /// Numbers of `stats_memory_metrics`.
    var memory: @Sendable () -> [NamedNumber] {
        { [book, loops] in
            let memory = book.current.rules.memory
            return [
                NamedNumber("query_digest_memory", loops.ask(\.digests.memory).reduce(0, +)),
                NamedNumber("mysql_query_rules_memory", memory.rules),
                NamedNumber("mysql_query_rules_fast_routing_memory", memory.fastRouting),
            ]
        }
    }

    private struct LoopShare: Sendable {
        let decisionTime: UInt64
        let digests: Int
        let evictions: UInt64
        let searchesGivenUp: Int

        init(_ worker: RulesWorker) {
            decisionTime = worker.decisionTime.load(ordering: .relaxed)
            digests = worker.digests.count
            evictions = worker.digests.evictions
            searchesGivenUp = worker.scratch.searchesGivenUp
        }
    }

    // MARK: Hits

    private static let ruleHits = TableDefinition(
        name: "stats_mysql_query_rules", columns: ["rule_id", "hits"], key: ["rule_id"],
        body: "rule_id INTEGER PRIMARY KEY, hits INT NOT NULL")

    private static let fastRouteHits = TableDefinition(
        name: "stats_mysql_query_rules_fast_routing",
        columns: ["username", "schemaname", "flagIN", "destination_hostgroup", "hits"],
        key: ["username", "schemaname", "flagIN"],
        body: """
            username VARCHAR NOT NULL,
            schemaname VARCHAR NOT NULL,
            flagIN INT NOT NULL,
            destination_hostgroup INT NOT NULL,
            hits INT NOT NULL,
            PRIMARY KEY (username, schemaname, flagIN)
            """)

    private static func ruleRows(_ rules: CompiledRules) -> [[Cell]] {
        rules.hits().enumerated().map { [.integer(rules.ruleIDs[$0.offset]), Cell($0.element)] }
    }

    private static func fastRouteRows(_ rules: CompiledRules) -> [[Cell]] {
        let routes = rules.fastRouteRows()
        return zip(routes.rows, routes.hits).map { row, hits in row.dropLast() + [Cell(hits)] }
    }
}
