import PluginAPI
import SQLText

@testable import RulesPlugin

/// Rules evaluated by a plain loop over rows, from the words of proxysql.md sections 1.2 to 1.5 and nothing else.
struct PlainLoop {
    struct Visit: Equatable {
        let ruleID: Int64
        /// The first column that didn't hold; nil for a match.
        let failure: String?
    }

    let rules: [[Cell]]
    let routes: [[Cell]]
    let patterns: PlainPatterns
    var random: SplitMix64

    private(set) var decision = RouteDecision()
    private(set) var visits: [Visit] = []
    private var text: [UInt8] = []
    private var flag: Int64 = 0

    init(_ rows: [[Cell]], routes: [[Cell]], seed: UInt64, patterns: PlainPatterns) {
        rules = rows.filter { $0[1].integer == 1 }.sorted { ($0[0].integer ?? 0) < ($1[0].integer ?? 0) }
        self.routes = routes
        self.patterns = patterns
        random = SplitMix64(state: seed)
    }

    mutating func decide(
        _ statement: [UInt8], _ subject: RouteSubject, _ question: RouteQuestion, _ settings: RouteSettings
    ) {
        decision = RouteDecision()
        visits = []
        text = statement
        flag = Int64(question.flag ?? 0)
        var isFinal = false
        var iterations = settings.iterations
        var index = 0
        while question.flag != nil, index < rules.count {
            let row = rules[index]
            index += 1
            let failure = failure(row, statement, subject)
            visits.append(Visit(ruleID: row[0].integer ?? 0, failure: failure?.name))
            guard failure == nil else { continue }
            let before = flag
            act(row, question)
            isFinal = row[.apply]?.integer == 1
            if isFinal { break }
            if flag != before, iterations > 0 {
                iterations -= 1
                index = 0
            }
        }
        if !isFinal { fastRoute(subject) }
        if question.kind != .mirror { hint(statement) }
        decision.flag = UInt32(flag)
        if text != statement { decision.text = text }
    }

    private func failure(_ row: [Cell], _ statement: [UInt8], _ subject: RouteSubject) -> QueryRuleColumn? {
        func differs(_ column: QueryRuleColumn, _ name: SessionName) -> Bool {
            row[column]?.text.map { Array($0.utf8) != name.bytes } ?? false
        }
        if row[.flagIn]?.integer != flag { return .flagIn }
        if differs(.username, subject.username) { return .username }
        if differs(.schemaname, subject.schemaname) { return .schemaname }
        if let pattern = row[.clientAddress]?.text {
            let address = String(decoding: subject.clientAddress.bytes, as: UTF8.self)
            let holds = pattern.hasSuffix("%") ? address.hasPrefix(pattern.dropLast()) : address == pattern
            if !holds { return .clientAddress }
        }
        if differs(.proxyAddress, subject.proxyAddress) { return .proxyAddress }
        if let port = row[.proxyPort]?.integer, port != subject.proxyPort.map(Int64.init) { return .proxyPort }
        if let digest = row[.digest]?.text {
            let own = StatementDigest(of: statement.span).hash
            if UInt64(digest.dropFirst(2), radix: 16) != own { return .digest }
        }
        let isNegated = row[.negateMatchPattern]?.integer == 1
        let isCaseless = row[.modifiers]?.text?.contains("CASELESS") == true
        if let pattern = row[.matchDigest]?.text {
            let found = patterns.find(pattern, isCaseless, in: StatementDigest.text(of: statement.span), from: 0)
            if (found != nil) == isNegated { return .matchDigest }
        }
        if let pattern = row[.matchPattern]?.text {
            if (patterns.find(pattern, isCaseless, in: text, from: 0) != nil) == isNegated { return .matchPattern }
        }
        return nil
    }

    private mutating func act(_ row: [Cell], _ question: RouteQuestion) {
        func number(_ column: QueryRuleColumn) -> UInt32? { row[column]?.integer.map(UInt32.init) }
        if let destination = number(.destinationHostgroup) {
            decision.destination = destination
            decision.source = .rule
        }
        decision.cacheTTL = number(.cacheTTL) ?? decision.cacheTTL
        decision.delay = number(.delay) ?? decision.delay
        decision.timeout = number(.timeout) ?? decision.timeout
        decision.mirrorHostgroup = number(.mirrorHostgroup) ?? decision.mirrorHostgroup
        decision.nextQueryFlagIn = number(.nextQueryFlagIn) ?? decision.nextQueryFlagIn
        decision.isLogged = number(.log).map { $0 == 1 } ?? decision.isLogged
        decision.errorMessage = row[.errorMessage]?.text.map { Array($0.utf8) } ?? decision.errorMessage
        if row[.replacePattern] != .null, question.kind != .execution { rewrite(row) }
        if let attributes = row[.attributes]?.text, !attributes.isEmpty { flag = pick() }
        flag = row[.flagOut]?.integer ?? flag
    }

    /// The generator's weighted rule has flags 1 and 2 with weights 3 and 1.
    private mutating func pick() -> Int64 {
        random.next().multipliedFullWidth(by: 4).high < 3 ? 1 : 2
    }

    private mutating func rewrite(_ row: [Cell]) {
        guard let pattern = row[.matchPattern]?.text, let template = row[.replacePattern]?.text else { return }
        let isCaseless = row[.modifiers]?.text?.contains("CASELESS") == true
        let isGlobal = row[.modifiers]?.text?.contains("GLOBAL") == true
        guard row[.negateMatchPattern]?.integer == 0 else { return }
        var result: [UInt8] = []
        var position = 0
        while let groups = patterns.find(pattern, isCaseless, in: text, from: position), let match = groups[0] {
            result += text[position..<match.lowerBound]
            var isEscaped = false
            for byte in template.utf8 {
                if isEscaped {
                    let group = Int(byte) - 48
                    if group < groups.count, let range = groups[group] { result += text[range] }
                    isEscaped = false
                } else if byte == 0x5C {
                    isEscaped = true
                } else {
                    result.append(byte)
                }
            }
            position = match.upperBound
            if !isGlobal { break }
            if match.isEmpty {
                if position == text.count { break }
                result.append(text[position])
                position += 1
            }
        }
        text = result + text[position...]
    }

    private mutating func fastRoute(_ subject: RouteSubject) {
        for username in [String(decoding: subject.username.bytes, as: UTF8.self), ""] {
            let schema = String(decoding: subject.schemaname.bytes, as: UTF8.self)
            let row = routes.first { $0[0].text == username && $0[1].text == schema && $0[2].integer == flag }
            guard let destination = row?[3].integer else { continue }
            decision.destination = UInt32(destination)
            decision.source = .fastRoute
            return
        }
    }

    /// The generator's statements have one hint at most.
    private mutating func hint(_ statement: [UInt8]) {
        guard statement.starts(with: "/* hostgroup=77 */".utf8) else { return }
        decision.destination = 77
        decision.source = .hint
    }
}

extension [Cell] {
    subscript(column: QueryRuleColumn) -> Cell? {
        self[column.rawValue] == .null ? nil : self[column.rawValue]
    }
}

/// Regular expressions without filters in front of them.
final class PlainPatterns {
    private var pools: [String: RegexPool] = [:]
    private let matcher = RegexMatcher()

    /// The groups of the first match, the whole of it first.
    func find(_ pattern: String, _ isCaseless: Bool, in text: [UInt8], from start: Int) -> [Range<Int>?]? {
        let key = "\(isCaseless) \(pattern)"
        let pool = pools[key] ?? RegexPool()
        pools[key] = pool
        guard let number = try? pool.add(pattern, isCaseless: isCaseless) else { return nil }
        return text.withUnsafeBufferPointer { text in
            guard matcher.search(pool.regexes[Int(number)], in: text, from: start) == .found else { return nil }
            return (0...Int(pool.mostGroups)).map { matcher.range($0) }
        }
    }
}
