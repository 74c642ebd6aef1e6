import Accounts
import ArgumentParser
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
    private let host = SimulatedHost()
    private let loopContext: SimulatedLoopContext
    private let funnel: Funnel
    let context: SessionContext
    let worker: FunnelWorker

    /// - Parameter hasRules: whether there is a plugin that gives orders.
    init(hasRules: Bool = true) throws {
        loopContext = SimulatedLoopContext(loop: loop)
        try host.backends.add(.tcp(host: "db", port: 3306), role: .readWrite)
        let options = try FunnelOptions.parse(["--funnel-auth-user=nobody", "--funnel-max-backends=4"])
        let accounts = try AccountDirectory(options: options)
        accounts.looked("user", Account(user: "user", verifier: .password([])))
        funnel = Funnel(host: host, settings: FunnelSettings(options), accounts: accounts)
        worker = FunnelWorker(funnel: funnel, loop: loopContext)
        funnel.loops.enter(worker)
        var sessions: UInt64 = 0
        context = SessionContext(
            loop: loop, workers: hasRules ? [ruler, worker] : [worker],
            makeID: {
                sessions += 1
                return sessions
            }, log: { _, _ in })
        loop.listen(on: .tcp(host: "db", port: 3306)) { [unowned self] stream in
            let server = OrdersServer(stream, number: accepted.count, rig: self)
            accepted.append(server)
            stream.handler = server
            server.begin()
            return server
        }
        loop.listen(on: FunnelTown.proxy) { [unowned self] stream in
            let timeouts = ProxyTimeouts(
                connect: .seconds(2), login: .seconds(30), read: .seconds(3600), write: .seconds(3600))
            let connection = context.makeConnection(for: stream, timeouts: timeouts)
            stream.handler = connection
            stream.tag = 0
            connection.begin(client: stream)
            return connection
        }
        settle(1)
    }

    deinit { funnel.loops.clear() }

    func settle(_ seconds: Double, until isDone: () -> Bool = { false }) {
        let limit = loop.now + .seconds(seconds)
        loop.schedule(at: limit) {}
        while loop.now < limit, !isDone(), loop.turn() {}
    }

    func client() -> OrdersClient {
        let client = OrdersClient(loop: loop)
        settle(10) { client.answer != nil }
        return client
    }

    func ask(_ client: OrdersClient, _ text: String) -> String { ask(client, Command.query.payload(text: text)) }

    func ask(_ client: OrdersClient, _ payload: [UInt8]) -> String {
        client.send(payload)
        settle(60) { client.answer != nil }
        return client.answer ?? "nothing"
    }

    func breakAll() {
        for server in servers.values { server.stream.reset() }
        servers = [:]
    }

    /// Why connections are held.
    var pins: [String] {
        funnel.pools.flatMap { pool in
            pool.look { book in
                PinReason.allCases.filter { book.statistics.pinsNow[$0] > 0 }.map(\.description)
            }
        }
    }
}

/// One connection of the server: answers by the text's words, and ends what is slow when it is told to.
private final class OrdersServer: StreamHandler {
    let stream: SimulatedStream
    private let number: Int
    private unowned let rig: OrdersRig
    private var joiner = PacketJoiner(expectedSequence: 1)
    private var isLoggedIn = false
    private var isInTransaction = false
    private var isSlow = false
    private var capabilities: Capabilities { FunnelServer.capabilities }

    init(_ stream: SimulatedStream, number: Int, rig: OrdersRig) {
        (self.stream, self.number, self.rig) = (stream, number, rig)
    }

    func begin() {
        let greeting = Greeting(
            serverVersion: "5.5.5-10.11.6-MariaDB", connectionID: UInt32(number),
            scramble: [UInt8](repeating: 0x41, count: 20), capabilities: capabilities, collation: 45,
            status: .autocommit, authMethod: "mysql_native_password")
        say(after: 255) { $0.append(greeting.encode()) }
    }

    override func received(_ bytes: Span<UInt8>, on stream: ByteStream) -> Int {
        var offset = 0
        while let packet = try? joiner.next(in: bytes, from: &offset) {
            joiner.expectedSequence = 0
            if isLoggedIn { take(String(decoding: packet.payload.dropFirst(), as: UTF8.self)) } else { logIn() }
        }
        return offset
    }

    private func logIn() {
        isLoggedIn = true
        rig.servers[number] = self
        say(after: 1) { $0.append(OKPacket(status: .autocommit), capabilities: capabilities) }
    }

    private func say(after sequence: UInt8 = 0, _ body: (inout PacketWriter) -> Void) {
        var writer = PacketWriter(sequence: sequence &+ 1)
        body(&writer)
        stream.send(writer.take().span)
    }

    private var status: StatusFlags { isInTransaction ? [.autocommit, .inTransaction] : .autocommit }

    private func take(_ text: String) {
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
        default: words.first == "SELECT" ? sayRow() : sayOK()
        }
    }

    private func killed() {
        guard isSlow else { return }
        isSlow = false
        if rig.killedAnswersOK {
            rig.served.last?.contains("SELECT") == true ? sayRow() : sayOK()
        } else {
            say { $0.append(SQLError(code: 1317, state: "70100", message: "Query execution was interrupted")) }
        }
    }

    private func sayOK() {
        say { $0.append(OKPacket(status: status), capabilities: capabilities) }
    }

    private func sayRow() {
        say { writer in
            writer.append(
                columns: [ColumnDefinition(name: "c", type: .long)], status: status, capabilities: capabilities)
            writer.append(textRow: [[0x31]])
            writer.appendResultEnd(status: status, capabilities: capabilities)
        }
    }
}

/// A client that logs in without a password, and asks one thing after the other.
final class OrdersClient: StreamHandler {
    private var stream: ByteStream?
    private var joiner = PacketJoiner()
    private var isGreeted = false
    /// The answer in a word; nil while it is awaited.
    private(set) var answer: String?
    private var hasRows = false

    init(loop: SimulatedLoop) {
        super.init()
        stream = loop.connect(to: FunnelTown.proxy, timeout: .seconds(5), handler: self, tag: 0)
    }

    func send(_ payload: [UInt8]) {
        answer = nil
        hasRows = false
        var writer = PacketWriter()
        writer.append(payload)
        stream?.send(writer.take().span)
    }

    override func received(_ bytes: Span<UInt8>, on stream: ByteStream) -> Int {
        var offset = 0
        while let packet = try? joiner.next(in: bytes, from: &offset) {
            joiner.expectedSequence = nil
            if isGreeted { take(packet.payload) } else { logIn(packet.payload) }
        }
        return offset
    }

    private func logIn(_ payload: [UInt8]) {
        isGreeted = true
        guard let greeting = try? Greeting(decoding: payload.span) else { return }
        let login = LoginRequest(
            capabilities: FunnelServer.capabilities.intersection(greeting.capabilities), collation: 45, user: "user",
            authResponse: [], schema: "test", authMethod: greeting.authMethod)
        var writer = PacketWriter(sequence: 1)
        writer.append(login.encode())
        stream?.send(writer.take().span)
    }

    private func take(_ payload: [UInt8]) {
        switch payload.first {
        case 0xFF: answer = "ERR \(UInt16(payload[1]) | UInt16(payload[2]) << 8)"
        case 0x00: answer = "OK"
        case 0xFE: answer = hasRows ? "ROW" : "EOF"
        default: hasRows = true
        }
    }
}
