import MySQLWire
import PluginAPI
import Pooling
import ProxyCore
import TestSupport

@testable import RulesPlugin

/// A session's walk through the hooks of the rules.
final class RulesRig {
    let host: FakeHost
    let loop = FakeLoop()
    let book: RulesBook
    let loops = RulesLoops(count: 1)
    let section: RulesSection
    let worker: RulesWorker
    let session: ToldSession

    /// A client of user ada in schema shop.
    init(capabilities: Capabilities = [.protocol41], servesSessions: Bool = false) throws {
        host = FakeHost(servesSessions: servesSessions)
        book = try RulesBook()
        section = RulesSection(host: host, book: book, loops: loops)
        worker = RulesWorker(host: host, book: book, loops: loops, loop: loop)
        session = ToldSession(capabilities)
        session.login = LoginRequest(
            capabilities: capabilities, collation: 45, user: "ada", authResponse: [], schema: "shop",
            authMethod: "native")
        session.schemaBytes = Array("shop".utf8)
        session.isLoggedIn = true
    }

    /// Puts rules in use; answers the warnings.
    @discardableResult
    func load(_ rules: [[QueryRuleColumn: Cell]], routes: [[Cell]] = []) throws -> [String] {
        try section.load(rules, routes)
    }

    /// What becomes of a COM_QUERY.
    func query(_ text: String) -> StatementVerdict { send([3] + Array(text.utf8)) }

    /// What becomes of a command.
    func send(_ payload: [UInt8]) -> StatementVerdict {
        session.orders = StatementOrders()
        session.hostgroup = nil
        session.mirror = nil
        session.minimumGTIDs = nil
        var writer = PacketWriter()
        writer.append(payload)
        return worker.statement(CommandView(packets: writer.bytes.span), in: session)
    }

    /// The backend's answer has come.
    func answered(_ command: Command, _ summary: ResultSummary = ResultSummary(), error: SQLError? = nil) {
        worker.answered(
            AnswerView(
                command: command, isInjected: false, origin: .backend, backend: nil, isComplete: true, summary: summary,
                error: error, bytes: 0, asked: loop.now, sent: loop.now, firstByte: loop.now, lastByte: loop.now,
                kept: nil), in: session)
    }
}

extension RulesSection {
    /// Puts rules in use, with the columns' usual values where none is given; answers the warnings.
    func load(_ rules: [[QueryRuleColumn: Cell]], _ routes: [[Cell]] = []) throws -> [String] {
        let rows = rules.enumerated().map { number, given in
            var cells = [Cell](repeating: .null, count: QueryRuleColumn.allCases.count)
            let usual: [QueryRuleColumn: Cell] = [
                .ruleID: Cell(number + 1), .active: Cell(1), .flagIn: Cell(0), .negateMatchPattern: Cell(0),
                .modifiers: .text("CASELESS"), .apply: Cell(0), .attributes: .text(""),
            ]
            for (column, cell) in usual.merging(given, uniquingKeysWith: { $1 }) { cells[column.rawValue] = cell }
            return cells
        }
        let prepared = try prepare(["mysql_query_rules": rows, "mysql_query_rules_fast_routing": routes])
        prepared.apply()
        return prepared.warnings
    }
}

/// A session of which the test says what the chassis would know.
final class ToldSession: Session {
    private let told: Capabilities
    /// What results depend on beside schema and text.
    var settings: [UInt8]?
    /// How often it was to be asked about once more.
    private(set) var resumes = 0

    init(_ capabilities: Capabilities, number: Int = 1) {
        told = capabilities
        super.init(
            id: UInt64(number), slot: number - 1, generation: 1, clientAddress: "10.1.1.1:5000",
            listenerAddress: "10.9.9.9:6033")
    }

    override var capabilities: Capabilities { told }
    override var resultSettings: [UInt8]? { settings }
    override func resume() { resumes += 1 }
}

extension StatementVerdict {
    /// The verdict as one line.
    var shown: String {
        switch self {
        case .next: "next"
        case .replace(let payload): "replace \(payload[0]) \(String(decoding: payload.dropFirst(), as: UTF8.self))"
        case .answer(let payloads): "answer \(payloads.map { $0.first ?? 0 })"
        case .replay: "replay"
        case .refuse(let error): "refuse \(error.code) \(error.state) \(error.message)"
        case .delay(let until, let payload):
            "delay \(until.nanoseconds / 1_000_000) ms" + (payload == nil ? "" : ", replace")
        }
    }
}
