import Foundation
import PluginAPI
import SQLText
import Testing

@testable import RulesPlugin

/// The compiled rules against a plain loop, on random cases with few names so that rules meet.
@Suite struct DifferentialTests {
    /// Compared decisions, about ten seconds of a debug build; `MILLRACE_RULE_CASES` asks for more.
    private static let cases = ProcessInfo.processInfo.environment["MILLRACE_RULE_CASES"].flatMap { Int($0) } ?? 100_000

    @Test func compiledRulesDecideAsAPlainLoop() throws {
        var random = SplitMix64(state: 20_261_121)
        let patterns = PlainPatterns()
        var compared = 0
        var matches = 0
        var rewrites = 0
        while compared < Self.cases {
            let cases = RandomCases(&random)
            let rig = try RuleRig(cases.rules, routes: cases.routes)
            let seed = random.next()
            let (compiled, traced) = (RouteScratch(seed: seed), RouteScratch(seed: seed))
            compiled.searchesBeforePairs = Int.random(in: 0...3, using: &random)
            var plain = PlainLoop(cases.rules, routes: cases.routes, seed: seed, patterns: patterns)
            for _ in 0..<100 {
                let (text, subject, question) = cases.statement(&random)
                var settings = RouteSettings()
                settings.iterations = [0, 0, 1, 5].randomElement(using: &random) ?? 0
                let decision = rig.rules.decide(text.span, of: subject, question, settings, compiled)
                plain.decide(text, subject, question, settings)
                let matched = plain.visits.filter { $0.failure == nil }.map(\.ruleID)
                guard decision == plain.decision, compiled.matched.map({ rig.rules.ruleIDs[Int($0)] }) == matched else {
                    Issue.record("\(cases.rules) \(subject) \(question) \(settings): \(decision), \(plain.decision)")
                    return
                }
                if compared % 10 == 0 {
                    try compareVisits(rig, text, subject, question, settings, traced, plain)
                } else {
                    _ = rig.rules.decide(text.span, of: subject, question, settings, traced)
                }
                compared += 1
                matches += matched.count
                rewrites += decision.text == nil ? 0 : 1
            }
        }
        #expect(matches > compared / 2, "the cases are worth comparing")
        #expect(rewrites > compared / 100)
    }

    /// The explanation has every rule that the plain loop visits, in its order, with the same reasons.
    private func compareVisits(
        _ rig: RuleRig, _ text: [UInt8], _ subject: RouteSubject, _ question: RouteQuestion,
        _ settings: RouteSettings, _ scratch: RouteScratch, _ plain: PlainLoop
    ) throws {
        var trace = RouteTrace()
        let decision = rig.rules.decide(text.span, of: subject, question, settings, scratch, &trace)
        try #require(decision == plain.decision)
        let visits = trace.withPassedOver(rig.rules, subject).steps.compactMap { step -> PlainLoop.Visit? in
            switch step {
            case .failed(let position, let condition, _), .passedOver(let position, let condition):
                PlainLoop.Visit(ruleID: rig.rules.ruleIDs[Int(position)], failure: condition.rawValue)
            case .matched(let position): PlainLoop.Visit(ruleID: rig.rules.ruleIDs[Int(position)], failure: nil)
            case .entered, .found, .rewrote, .pickedFlag, .fastRoute, .noFastRouting, .hint, .ended: nil
            }
        }
        try #require(visits == plain.visits)
    }
}

/// A random set of rules and routes, and statements for it.
private struct RandomCases {
    private(set) var rules: [[Cell]] = []
    private(set) var routes: [[Cell]] = []

    private static let users = ["a", "b", ""]
    private static let schemas = ["s1", "s2", "schema_with_a_long_name", ""]
    private static let clients = ["10.0.0.1", "10.0.0.2", "10.1.0.1"]
    private static let patterns = [
        "^SELECT", "t1", "t(1|2)", "FOR UPDATE$", "id *= *(\\d+)", "WHERE (\\w+)", "x*", "[a-f]2", "SEL.CT", "update t",
    ]
    private static let statements = [
        "SELECT 1", "SELECT * FROM t1 WHERE id=5", "SELECT * FROM t2 WHERE name = 'x' FOR UPDATE", "update t1 set a=1",
        "UPDATE t2 SET b=2 WHERE id = 7", "select x, xx from t1", "/* hostgroup=77 */ SELECT 2", "", "COMMIT",
    ]

    init(_ random: inout SplitMix64) {
        for id in 1...Int.random(in: 1...14, using: &random) { rules.append(Self.rule(id * 3, &random)) }
        rules.shuffle(using: &random)
        for username in Self.users {
            for schema in Self.schemas where Bool.random(using: &random) {
                let flag = Int.random(in: 0...2, using: &random)
                routes.append(route(username, schema, flag, to: Int.random(in: 100...110, using: &random)))
            }
        }
    }

    private static func rule(_ id: Int, _ random: inout SplitMix64) -> [Cell] {
        var given: RuleColumnsGiven = [:]
        func sometimes(_ percent: Int, _ column: QueryRuleColumn, _ cell: Cell?) {
            if Int.random(in: 0..<100, using: &random) < percent { given[column] = cell ?? .null }
        }
        func text(_ texts: [String]) -> Cell { .text(texts.randomElement(using: &random) ?? "") }
        func flag(_ last: Int) -> Cell { Cell(Int.random(in: 0...last, using: &random)) }
        sometimes(5, .active, 0)
        sometimes(30, .flagIn, flag(2))
        sometimes(30, .username, text(users))
        sometimes(30, .schemaname, text(schemas))
        sometimes(15, .clientAddress, text(clients + ["10.0.%", "10.%", "%"]))
        sometimes(10, .proxyAddress, text(["10.0.0.9", "10.0.0.8"]))
        sometimes(10, .proxyPort, text(["6033", "6034"]).integer.map { .integer($0) })
        let digest = StatementDigest(of: Array((statements.randomElement(using: &random) ?? "").utf8).span).hash
        sometimes(15, .digest, .text("0x" + String(digest, radix: 16)))
        sometimes(20, .matchDigest, text(patterns))
        sometimes(30, .matchPattern, text(patterns))
        sometimes(10, .negateMatchPattern, 1)
        sometimes(30, .modifiers, text(["", "GLOBAL", "CASELESS,GLOBAL"]))
        if given[.matchPattern] != nil { sometimes(50, .replacePattern, text(["t2", "<\\0>", ""])) }
        sometimes(20, .flagOut, flag(2))
        sometimes(50, .destinationHostgroup, flag(9))
        sometimes(10, .cacheTTL, 100)
        sometimes(10, .delay, flag(9))
        sometimes(10, .timeout, flag(9))
        sometimes(10, .mirrorHostgroup, flag(9))
        sometimes(10, .nextQueryFlagIn, flag(2))
        sometimes(10, .log, flag(1))
        sometimes(5, .errorMessage, text(["no", "never"]))
        sometimes(10, .attributes, #"{"flagOUTs":[{"id":1,"weight":3},{"id":2,"weight":1}]}"#)
        sometimes(15, .apply, 1)
        return RulesTests.rule(id, given)
    }

    func statement(_ random: inout SplitMix64) -> ([UInt8], RouteSubject, RouteQuestion) {
        let text = Self.statements.randomElement(using: &random) ?? ""
        let subject = RouteSubject(
            (Self.users + ["stranger"]).randomElement(using: &random) ?? "",
            (Self.schemas + ["elsewhere"]).randomElement(using: &random) ?? "",
            from: Self.clients.randomElement(using: &random) ?? "",
            port: [6033, 6034, nil].randomElement(using: &random) ?? nil)
        let kinds: [RouteQuestion.Kind] = [.statement, .statement, .statement, .execution, .mirror]
        let kind = kinds.randomElement(using: &random) ?? .statement
        let flag: UInt32? =
            kind == .mirror && Bool.random(using: &random) ? nil : [0, 0, 0, 1].randomElement(using: &random)
        return (Array(text.utf8), subject, RouteQuestion(kind: kind, flag: flag))
    }
}
