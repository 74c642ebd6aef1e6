import MySQLWire
import PluginAPI
import Pooling
import ProxyCore
import TestSupport
import Testing

@testable import RulesPlugin

/// Event loops with rules and the cache that they share.
final class CachingRig {
    let host = FakeHost()
    let book: RulesBook
    let loops: RulesLoops
    let section: RulesSection
    let clocks: [FakeLoop]
    let workers: [RulesWorker]
    private var count = 0

    /// Every answer may live for a second, unless rules say otherwise.
    init(loops count: Int = 1, _ rules: [[QueryRuleColumn: Cell]] = [[.cacheTTL: Cell(1000)]]) throws {
        let book = try RulesBook()
        let loops = RulesLoops(count: count)
        let host = host
        clocks = (0..<count).map { FakeLoop(index: $0) }
        workers = clocks.map { RulesWorker(host: host, book: book, loops: loops, loop: $0) }
        (self.book, self.loops) = (book, loops)
        section = RulesSection(host: host, book: book, loops: loops)
        for (worker, clock) in zip(workers, clocks) { loops.enter(worker, on: clock) }
        _ = try section.load(rules)
        takeMail()
    }

    var statistics: QueryCacheStatistics { book.cache.statistics }

    func pass(_ milliseconds: UInt64) {
        for clock in clocks { clock.pass(.milliseconds(milliseconds)) }
        takeMail()
    }

    /// Loops post to each other: until nobody has anything.
    func takeMail() {
        while clocks.contains(where: \.hasMail) {
            for clock in clocks { clock.takeMail() }
        }
    }

    /// A client of user ada in schema shop, with autocommit and nothing set.
    ///
    /// - Parameter recorded: the answers as its connection would have them.
    func client(on loop: Int = 0, like recorded: [RecordedAnswer] = RecordedAnswers.deprecated) -> CachingClient {
        count += 1
        return CachingClient(ToldSession(recorded[0].capabilities, number: count), self, loop, recorded)
    }
}

/// A session's statements on their way to the cache, or to the backend.
final class CachingClient {
    let session: ToldSession
    private let rig: CachingRig
    private let worker: RulesWorker
    private let recorded: [RecordedAnswer]
    private var text = ""

    init(_ session: ToldSession, _ rig: CachingRig, _ loop: Int, _ recorded: [RecordedAnswer]) {
        (self.session, self.rig, self.recorded) = (session, rig, recorded)
        worker = rig.workers[loop]
        session.login = LoginRequest(
            capabilities: session.capabilities, collation: 45, user: "ada", authResponse: [], schema: "shop",
            authMethod: "native")
        session.schemaBytes = Array("shop".utf8)
        session.isLoggedIn = true
        session.status = .autocommit
        session.settings = [1]
    }

    /// What becomes of the query: `next` where it goes to the backend, `hit`, or `waits`.
    func query(_ text: String = "SELECT * FROM t") -> String {
        session.orders = StatementOrders()
        session.hostgroup = nil
        self.text = text
        return asked()
    }

    /// The same for a session that has been told to go on.
    func goesOn() -> String { asked() }

    /// The bytes that the client was given from the cache.
    private(set) var given: [UInt8] = []

    private func asked() -> String {
        var writer = PacketWriter()
        writer.append([Command.query.rawValue] + Array(text.utf8))
        let verdict = worker.statement(CommandView(packets: writer.bytes.span), in: session)
        switch verdict {
        case .replay(let packets):
            given = packets
            // The chassis tells at once.
            ends(.plugin, kept: nil)
            return "hit"
        case .delay: return "waits"
        case .next, .replace, .answer, .refuse: return verdict.shown
        }
    }

    /// The backend has given the recorded answer of that name, of which the rules wanted so much.
    func isAnswered(_ name: String = "rows") throws {
        let recording = try recording(name)
        var scanner = ResultScanner(capabilities: recording.capabilities)
        scanner.commandSent(.query, lastSequence: 0)
        #expect(scanner.received(recording.bytes.span).event == .ended)
        let isKept = recording.bytes.count <= session.orders.keptBytes
        ends(.backend, scanner.summary, kept: isKept ? recording.bytes : nil)
    }

    /// The client or its backend is gone before an answer.
    func isLeft() { ends(.nobody, kept: nil, isComplete: false) }

    /// What the server itself would have sent this client.
    func recording(_ name: String) throws -> RecordedAnswer { try #require(recorded.first { $0.name == name }) }

    private func ends(
        _ origin: AnswerView.Origin, _ summary: ResultSummary = ResultSummary(), kept: [UInt8]?, isComplete: Bool = true
    ) {
        let now = rig.clocks[0].now
        let capabilities = session.capabilities
        worker.answered(
            AnswerView(
                command: .query, isInjected: false, origin: origin, backend: nil, isComplete: isComplete,
                summary: summary, bytes: 0, asked: now, sent: now, firstByte: now, lastByte: now,
                kept: kept.map { KeptAnswer(packets: $0, capabilities: capabilities) }), in: session)
    }
}
