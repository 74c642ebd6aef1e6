import Chassis
import EventLoop
import MySQLWire
import PluginAPI
import Pooling
import TestSupport
import Testing

@testable import FunnelPlugin

@Suite("The funnel and what query rules order")
struct FunnelOrdersTests {
    @Test("a query that takes too long is killed, and the session goes on with its connection")
    func timeout() throws {
        let rig = try OrdersRig()
        let client = rig.client()
        #expect(rig.ask(client, "SELECT 1") == "ROW")
        rig.ruler.timeout = .seconds(3)
        let begin = rig.loop.now
        #expect(rig.ask(client, "SELECT SLEEP(100)") == "ERR 1907")
        #expect((3...3.2).contains(rig.loop.now.since(begin).seconds))
        #expect(rig.kills == [1])
        #expect(rig.ask(client, "SELECT 1") == "ROW")
        #expect(rig.ask(client, "UPDATE slow") == "ERR 1907")
        #expect(rig.ask(client, "SELECT 1") == "ROW")
        #expect(rig.served == ["1: SELECT 1", "1: SELECT SLEEP(100)", "1: SELECT 1", "1: UPDATE slow", "1: SELECT 1"])
        rig.settle(20)
        #expect(rig.ask(client, "SELECT 1") == "ROW")
    }

    @Test("a query whose kill has it answer with rows has its ERR all the same, a change that was made is told")
    func timeoutAnswered() throws {
        let rig = try OrdersRig()
        let client = rig.client()
        rig.killedAnswersOK = true
        rig.ruler.timeout = .seconds(3)
        #expect(rig.ask(client, "SELECT SLEEP(100)") == "ERR 1907")
        #expect(rig.ask(client, "UPDATE slow") == "OK")
    }

    @Test("a server that doesn't end a killed statement loses the connection, and the client what was on it")
    func timeoutIgnored() throws {
        let rig = try OrdersRig()
        let client = rig.client()
        rig.ignoresKills = true
        #expect(rig.ask(client, "BEGIN") == "OK")
        rig.ruler.timeout = .seconds(3)
        let begin = rig.loop.now
        #expect(rig.ask(client, "SELECT SLEEP(100)") == "ERR 1907")
        #expect((8...8.3).contains(rig.loop.now.since(begin).seconds))
        #expect(rig.ask(client, "SELECT 1") == "ERR 2013")
        #expect(rig.ask(client, "SELECT 1") == "ROW")
    }

    @Test("a transaction outlives a statement in it that is killed")
    func timeoutInTransaction() throws {
        let rig = try OrdersRig()
        let client = rig.client()
        #expect(rig.ask(client, "BEGIN") == "OK")
        rig.ruler.timeout = .seconds(3)
        #expect(rig.ask(client, "SELECT SLEEP(100)") == "ERR 1907")
        #expect(rig.ask(client, "SELECT 1") == "ROW")
        #expect(rig.pins == ["transaction"])
        #expect(rig.served.suffix(3) == ["1: BEGIN", "1: SELECT SLEEP(100)", "1: SELECT 1"])
    }

    @Test("multiplexing off keeps the connection, on gives it back")
    func multiplexing() throws {
        let rig = try OrdersRig()
        let client = rig.client()
        rig.ruler.multiplexing = .off
        #expect(rig.ask(client, "SELECT 1") == "ROW")
        rig.ruler.multiplexing = .unchanged
        #expect(rig.pins == ["query rule"])
        let other = rig.client()
        #expect(rig.ask(other, "SELECT 2") == "ROW")
        #expect(rig.ask(client, "SELECT 3") == "ROW")
        #expect(rig.served == ["1: SELECT 1", "2: SELECT 2", "1: SELECT 3"])
        rig.ruler.multiplexing = .on
        #expect(rig.ask(client, "SELECT 4") == "ROW")
        #expect(rig.pins.isEmpty)
        #expect(rig.ask(client, [Command.resetConnection.rawValue]) == "OK")
    }

    @Test("a reset of the session lifts it, and a kept connection that breaks is no loss")
    func multiplexingEnds() throws {
        let rig = try OrdersRig()
        let client = rig.client()
        rig.ruler.multiplexing = .off
        #expect(rig.ask(client, "SELECT 1") == "ROW")
        rig.ruler.multiplexing = .unchanged
        rig.breakAll()
        rig.settle(5)
        #expect(rig.ask(client, "SELECT 2") == "ROW")
        #expect(rig.pins == ["query rule"])
        #expect(rig.ask(client, [Command.resetConnection.rawValue]) == "OK")
        #expect(rig.pins.isEmpty)
    }

    @Test("retries: as often as ordered, also where the statement has run for a while; a change never")
    func retries() throws {
        let rig = try OrdersRig()
        let client = rig.client()
        rig.ruler.retries = 2
        #expect(rig.ask(client, "SELECT dies") == "ERR 2013")
        #expect(rig.served == ["1: SELECT dies", "2: SELECT dies", "3: SELECT dies"])
        #expect(rig.ask(client, "UPDATE dies") == "ERR 2013")
        rig.ruler.retries = 0
        #expect(rig.ask(client, "SELECT dies") == "ERR 2013")
        #expect(rig.served.count == 5)
        rig.ruler.retries = nil
        #expect(rig.ask(client, "SELECT dies") == "ERR 2013")
        #expect(rig.served.count == 6)
    }
}

/// Orders the same for every statement.
private final class Orderer: StatementHook {
    var timeout: TimeSpan?
    var retries: UInt16?
    var multiplexing = StatementOrders.Multiplexing.unchanged

    func statement(_ command: borrowing CommandView, in session: Session) -> StatementVerdict {
        session.orders.timeout = timeout
        session.orders.retries = retries
        session.orders.multiplexing = multiplexing
        return .next
    }
}

/// The production funnel between clients and a server that can kill.
final class OrdersRig {
    let loop = SimulatedLoop(seed: 5)
    fileprivate let ruler = Orderer()
    var killedAnswersOK = false
    var ignoresKills = false
    fileprivate(set) var kills: [Int] = []
    /// The statements that came, each behind the number of its connection.
    fileprivate(set) var served: [String] = []
    fileprivate var servers: [Int: OrdersServer] = [:]
    /// Streams don't keep their handlers.
    private var accepted: [StreamHandler] = []
    let stage: FunnelStage

    /// - Parameter hasRules: whether there is a plugin that gives orders.
    init(hasRules: Bool = true) throws {
        let host = FakeHost()
        try host.backends.add(.tcp(host: "db", port: 3306), role: .readWrite)
        stage = try FunnelStage(
            loop: loop, host: host, options: ["--funnel-max-backends=4"], hooks: hasRules ? [ruler] : [])
        loop.listen(on: .tcp(host: "db", port: 3306)) { [unowned self] stream in
            let server = OrdersServer(stream, number: accepted.count, rig: self)
            accepted.append(server)
            stream.handler = server
            server.begin()
            return server
        }
        stage.open()
        settle(1)
    }

    func settle(_ seconds: Double) { stage.settle(seconds) }

    func client() -> StatementClient { stage.client() }

    func ask(_ client: StatementClient, _ text: String) -> String { ask(client, Command.query.payload(text: text)) }

    /// The answer in a word: OK, ROW, or an ERR's number.
    func ask(_ client: StatementClient, _ payload: [UInt8]) -> String {
        switch stage.ask(client, payload) {
        case .done: "OK"
        case .failed(let error): "ERR \(error.code)"
        case .value: "ROW"
        case nil: "nothing"
        }
    }

    func breakAll() {
        for server in servers.values { server.stream.reset() }
        servers = [:]
    }

    /// Why connections are held.
    var pins: [String] {
        stage.funnel.pools.flatMap { pool in
            pool.look { book in
                PinReason.allCases.filter { book.statistics.pinsNow[$0] > 0 }.map(\.description)
            }
        }
    }
}

/// One connection of the server: answers by the text's words, and ends what is slow when it is told to.
private final class OrdersServer: StatementServer {
    private unowned let rig: OrdersRig
    private var isSlow = false

    init(_ stream: SimulatedStream, number: Int, rig: OrdersRig) {
        self.rig = rig
        super.init(stream, number: number)
    }

    override func loggedIn() { rig.servers[number] = self }

    override func take(_ text: String) {
        let words = text.split(separator: " ")
        switch words.first {
        case "KILL":
            let target = Int(words.last ?? "") ?? 0
            rig.kills.append(target)
            if !rig.ignoresKills { rig.servers[target]?.killed() }
            return sayOK()
        case "SELECT", "UPDATE", "BEGIN": rig.served.append("\(number): \(text)")
        default: return sayOK()
        }
        if words.first == "BEGIN" { isInTransaction = true }
        switch words.last {
        case "SLEEP(100)", "slow": isSlow = true
        case "dies":
            rig.loop.schedule(at: rig.loop.now + .seconds(1)) { [stream] in stream.reset() }
        default: words.first == "SELECT" ? say("1") : sayOK()
        }
    }

    private func killed() {
        guard isSlow else { return }
        isSlow = false
        if rig.killedAnswersOK {
            rig.served.last?.contains("SELECT") == true ? say("1") : sayOK()
        } else {
            say(SQLError(code: 1317, state: "70100", message: "Query execution was interrupted"))
        }
    }
}
