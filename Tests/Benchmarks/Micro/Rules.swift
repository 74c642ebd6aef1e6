import Benchmark
import MySQLWire
import PluginAPI
import ProxyCore
import RulesPlugin

/// What the rules make of a statement; its digest is made and counted each time, as it is by default.
func rules() {
    measure("rules.none") { try Routing().statement }
    measure("rules.digest") {
        try Routing(rules: [["match_digest": .text("^SELECT c"), "destination_hostgroup": Cell(1)]]).statement
    }
    measure("rules.1000-users") {
        let others = (0..<1000).map { number in
            ["username": Cell("u\(number)"), "schemaname": Cell("s\(number)"), "destination_hostgroup": Cell(1)]
        }
        return try Routing(rules: others).statement
    }
    measure("rules.100-patterns") {
        let patterns = (0..<100).map { number in
            ["match_pattern": Cell("^SELECT .* FROM t\(number) WHERE"), "destination_hostgroup": Cell(1)]
        }
        return try Routing(rules: patterns).statement
    }
    measure("rules.10000-fast-routes") {
        let routes = (0..<10000).map { [Cell("ada"), Cell("shard_\($0)"), Cell(0), Cell(1), .text("")] }
        return try Routing(routes: routes, schema: "shard_4711").statement
    }
}

/// The rules of one loop, and a session that sends a point select again and again.
private final class Routing {
    private let plugin: RulesPlugin
    private let loop = StillLoop()
    private let host = Surroundings()
    private let session: LoggedInSession
    private let hook: any StatementHook
    private let counter: any AnswerHook

    struct NoWorker: Error {}

    /// - Parameter rules: columns by name; those that are left out have their usual values.
    init(rules: [[String: Cell]] = [], routes: [[Cell]] = [], schema: String = "shop") throws {
        plugin = try RulesPlugin(options: RulesOptions(), host: host)
        try plugin.start()
        for section in host.administration.sections {
            let contents = ["mysql_query_rules": section.rows(rules), "mysql_query_rules_fast_routing": routes]
            try section.prepare(contents).apply()
        }
        let worker = plugin.makeWorker(on: loop)
        guard let hook = worker as? any StatementHook, let counter = worker as? any AnswerHook else { throw NoWorker() }
        (self.hook, self.counter) = (hook, counter)
        session = LoggedInSession(schema: schema)
    }

    /// A statement is decided on, answered and counted.
    func statement() {
        session.orders = StatementOrders()
        session.hostgroup = nil
        blackHole(hook.statement(CommandView(packets: Packets.pointSelect.span), in: session))
        counter.answered(
            AnswerView(
                command: .query, isInjected: false, origin: .backend, backend: nil, isComplete: true,
                summary: ResultSummary(), error: nil, bytes: 200, asked: loop.now, sent: loop.now, firstByte: loop.now,
                lastByte: loop.now, kept: nil), in: session)
    }
}

extension ConfigurationSection {
    /// Rows of the rules' table.
    fileprivate func rows(_ rules: [[String: Cell]]) -> [[Cell]] {
        guard let table = tables.first(where: { $0.name == "mysql_query_rules" }) else { return [] }
        let usual: [String: Cell] = [
            "active": Cell(1), "flagIN": Cell(0), "negate_match_pattern": Cell(0), "re_modifiers": .text("CASELESS"),
            "apply": Cell(1), "attributes": .text(""),
        ]
        return rules.enumerated().map { number, rule in
            table.columns.map { column in
                column == "rule_id" ? Cell(number + 1) : rule[column] ?? usual[column] ?? .null
            }
        }
    }
}
