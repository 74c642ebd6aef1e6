public import PluginAPI
import SQLText

@testable import RulesPlugin

/// Rules as an administrator inserts them: the columns given, all others with the table's defaults.
typealias RuleColumnsGiven = [QueryRuleColumn: Cell]

func rule(_ ruleID: Int, _ given: RuleColumnsGiven) -> [Cell] {
    var cells = [Cell](repeating: .null, count: QueryRuleColumn.allCases.count)
    let defaults: RuleColumnsGiven = [
        .ruleID: Cell(ruleID), .active: 1, .flagIn: 0, .negateMatchPattern: 0, .modifiers: "CASELESS", .apply: 0,
        .attributes: "",
    ]
    for (column, cell) in defaults.merging(given, uniquingKeysWith: { $1 }) { cells[column.rawValue] = cell }
    return cells
}

func route(_ username: String, _ schemaname: String, _ flag: Int, to destination: Int) -> [Cell] {
    [.text(username), .text(schemaname), Cell(flag), Cell(destination), ""]
}

extension Cell: ExpressibleByIntegerLiteral, ExpressibleByStringLiteral {
    /// A whole number, as tests write it.
    public init(integerLiteral value: Int64) { self = .integer(value) }
    /// A text, as tests write it.
    public init(stringLiteral value: String) { self = .text(value) }
}

extension SessionName {
    init(_ text: String) { self.init(Array(text.utf8)) }
}

extension RouteSubject {
    convenience init(
        _ username: String, _ schemaname: String = "", from client: String = "10.0.0.1", port: UInt16? = 6033
    ) {
        self.init(
            username: SessionName(username), schemaname: SessionName(schemaname), clientAddress: SessionName(client),
            proxyAddress: SessionName("10.0.0.9"), proxyPort: port)
    }
}

extension RouteDecision {
    var rewritten: String? { text.map { String(decoding: $0, as: UTF8.self) } }
}

/// A set of rules with a loop's memory.
struct RuleRig {
    let rules: CompiledRules
    let warnings: [String]
    let scratch = RouteScratch(seed: 1)
    var settings = RouteSettings()

    init(_ rows: [[Cell]], routes: [[Cell]] = []) throws(ConfigurationFault) {
        (rules, warnings) = try CompiledRules.compile(rules: rows, fastRoutes: routes)
    }

    func decide(
        _ text: String, _ subject: RouteSubject = RouteSubject("app", "shop"), _ question: RouteQuestion = .init()
    ) -> RouteDecision {
        rules.decide(Array(text.utf8).span, of: subject, question, settings, scratch)
    }

    /// The rules that matched the last statement.
    var matched: [Int64] { scratch.matched.map { rules.ruleIDs[Int($0)] } }

    func explain(_ text: String, _ subject: RouteSubject = RouteSubject("app", "shop")) -> [String] {
        let explanation = RouteExplanation(
            Array(text.utf8), of: subject, RouteQuestion(), settings, by: rules, RouteScratch(seed: 1))
        return explanation.rows.map { row in
            let rule = row[1].text.map { "rule \($0): " } ?? ""
            return "\(rule)\([row[2].text ?? "", row[3].text ?? ""].filter { !$0.isEmpty }.joined(separator: ": "))"
        }
    }
}
