import PluginAPI
import SQLText

/// A decision and how it came about, as rows for `EXPLAIN ROUTE`.
struct RouteExplanation {
    static let columns = ["step", "rule_id", "what", "detail"]

    let decision: RouteDecision
    private(set) var rows: [[Cell]] = []
    private let rules: CompiledRules
    private let subject: RouteSubject
    private var passedOver = 0

    /// Rules that were passed over because a name or number differs are told one by one up to here, then counted.
    private static let mostPassedOver = 50

    /// Explains what the rules would decide, by the same code; nothing is counted.
    init(
        _ text: [UInt8], of subject: RouteSubject, _ question: RouteQuestion, _ settings: RouteSettings,
        by rules: CompiledRules, _ scratch: RouteScratch
    ) {
        self.rules = rules
        self.subject = subject
        var settings = settings
        settings.countsHits = false
        var trace = RouteTrace()
        decision = rules.decide(text.span, of: subject, question, settings, scratch, &trace)
        if let digest = scratch.digests.digest {
            add("digest", "\(Self.hexadecimal(digest.hash)) \(Self.text(Array(scratch.digests.text)))")
        }
        for step in trace.withPassedOver(rules, subject).steps { tell(step) }
        tellDecision()
    }

    private mutating func add(_ what: String, _ detail: String, _ position: UInt32? = nil) {
        let ruleID = position.map { Cell.integer(rules.ruleIDs[Int($0)]) } ?? .null
        rows.append([Cell(rows.count + 1), ruleID, .text(what), .text(detail)])
    }

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    static func hexadecimal(_ digest: UInt64) -> String {
        let digits = String(digest, radix: 16, uppercase: true)
        return "0x" + String(repeating: "0", count: 16 - digits.count) + digits
    }
}

extension RouteExplanation {
    private mutating func tell(_ step: RouteTrace.Step) {
        switch step {
        case .entered(let flag, let position):
            let isStart = position == 0
            add("flag", "\(flag), \(isStart ? "from the first rule on" : "for the rules that follow")")
        case .found(let position, let condition, let groups): tellGroups(position, condition, groups)
        case .failed(let position, let condition, let givenUp):
            let reason = givenUp ? "was given up: the pattern needs too many steps" : "doesn't hold"
            add("no match", "\(condition.rawValue) \(reason)", position)
        case .passedOver(let position, let condition):
            passedOver += 1
            if passedOver <= Self.mostPassedOver { add("no match", difference(position, condition), position) }
        case .matched(let position): add("match", "", position)
        case .rewrote(let position, let text): add("rewritten", Self.text(text), position)
        case .pickedFlag(let position, let flag): add("flag by weight", "\(flag)", position)
        case .fastRoute(let forAllUsers, let flag, let destination):
            let user = forAllUsers ? "" : Self.text(subject.username.bytes)
            let key = "username '\(user)', schemaname '\(Self.text(subject.schemaname.bytes))', flagIN \(flag)"
            add("fast routing", "\(key): \(destination.map { "hostgroup \($0)" } ?? "no row")")
        case .noFastRouting: add("fast routing", "skipped, as the last rule that matched has apply=1")
        case .hint(let key, let value, let isTaken):
            add("hint", "\(Self.text(key))=\(Self.text(value))\(isTaken ? "" : ": not known, or no such value")")
        case .ended:
            if passedOver > Self.mostPassedOver {
                let count = passedOver - Self.mostPassedOver
                add("no match", "\(count) more rules, whose names or numbers differ")
            }
        }
    }

    private mutating func tellGroups(_ position: UInt32, _ condition: RuleCondition, _ groups: [[UInt8]?]) {
        for (number, group) in groups.enumerated() {
            let what = number == 0 ? "\(condition.rawValue) found" : "\\\(number)"
            add(what, group.map(Self.text) ?? "NULL", position)
        }
    }

    /// A condition on a name or number that doesn't hold, with what the statement has.
    private func difference(_ position: UInt32, _ condition: RuleCondition) -> String {
        let own: String? =
            switch condition {
            case .username: "'\(Self.text(subject.username.bytes))'"
            case .schemaname: "'\(Self.text(subject.schemaname.bytes))'"
            case .clientAddress: "'\(Self.text(subject.clientAddress.bytes))'"
            case .proxyAddress: "'\(Self.text(subject.proxyAddress.bytes))'"
            case .proxyPort: subject.proxyPort.map { "\($0)" } ?? "none"
            case .flagIn, .digest, .matchDigest, .matchPattern: nil
            }
        return "\(condition.rawValue) differs" + (own.map { ": the session has \($0)" } ?? "")
    }

    /// What came out.
    private mutating func tellDecision() {
        if let message = decision.errorMessage { add("error_msg", Self.text(message)) }
        if let message = decision.okMessage { add("OK_msg", Self.text(message)) }
        if decision.isTextTooLong { add("error", "the rewritten statement is longer than allowed") }
        let numbers: [(String, UInt32?)] = [
            ("delay", decision.delay), ("timeout", decision.timeout), ("retries", decision.retries),
            ("multiplex", decision.multiplex?.rawValue), ("mirror_hostgroup", decision.mirrorHostgroup),
            ("mirror_flagOUT", decision.mirrorFlagOut), ("gtid_from_hostgroup", decision.gtidFromHostgroup),
            ("log", decision.isLogged.map { $0 ? 1 : 0 }), ("cache_ttl", decision.cacheTTL),
            ("cache_empty_result", decision.cachesEmptyResult.map { $0 ? 1 : 0 }),
            ("next_query_flagIN", decision.nextQueryFlagIn),
        ]
        for (name, number) in numbers {
            if let number { add(name, "\(number)") }
        }
        let source =
            switch decision.source {
            case .rule: "by a rule"
            case .fastRoute: "by fast routing"
            case .hint: "by a hint"
            case nil: ""
            }
        add("hostgroup", decision.destination.map { "\($0) \(source)" } ?? "the user's default")
    }
}
