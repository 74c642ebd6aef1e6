import Accounts
import ArgumentParser
import Chassis
import EventLoop
import MySQLWire
import PluginAPI
import Pooling
import Telemetry
import TestSupport

@testable import FunnelPlugin

/// The production funnel before a server that is written to, hostgroup 0, and one that follows it, hostgroup 1.
final class TransactionTown {
    /// One of the servers.
    final class Place {
        let name: String
        var isMariaDB = true
        /// The last transaction that it has.
        var sequence: UInt64 = 0
        /// The statements that came, the funnel's questions among them.
        var served: [String] = []
        fileprivate(set) var connections: [SimulatedStream] = []

        init(_ name: String) { self.name = name }

        var endpoint: Endpoint { .tcp(host: name, port: 3306) }

        /// The transaction as the server names it.
        func id(_ sequence: UInt64) -> String {
            isMariaDB ? "0-1-\(sequence)" : "3E11FA47-71CA-11E1-9E33-C80AA9429562:\(sequence)"
        }
    }

    let loop = SimulatedLoop(seed: 7)
    let writer = Place("writer")
    let reader = Place("reader")
    let orders = Orders()
    let funnel: Funnel
    private let worker: FunnelWorker
    private let host = SimulatedHost()
    private let loopContext: SimulatedLoopContext
    private let context: SessionContext
    // Streams don't keep their handlers.
    private var handlers: [StreamHandler] = []

    /// Sends SELECT to the reader, where its own transactions must be.
    final class Orders: StatementHook {
        var isOn = true
        var minimum: String?

        func statement(_ command: borrowing CommandView, in session: Session) -> StatementVerdict {
            session.orders.remembersGTIDs = isOn
            let isRead = command.command == .query && command.payload().dropFirst().starts(with: "SELECT".utf8)
            guard isRead else { return .next }
            session.hostgroup = 1
            if isOn { session.orders.gtidFromHostgroup = 0 }
            session.minimumGTIDs = minimum.flatMap { GTIDList($0.utf8) }
            return .next
        }
    }

    init(isMariaDB: Bool = true) throws {
        loopContext = SimulatedLoopContext(loop: loop)
        let rows = [writer, reader].enumerated().map { ServerRow(hostgroup: $0, endpoint: $1.endpoint) }
        host.backends.change { $0 = rows }
        let options = try FunnelOptions.parse(["--funnel-auth-user=nobody", "--funnel-max-backends=2"])
        let accounts = try AccountDirectory(options: options)
        accounts.looked("user", Account(user: "user", verifier: .password([])))
        funnel = Funnel(host: host, settings: FunnelSettings(options), accounts: accounts)
        worker = FunnelWorker(funnel: funnel, loop: loopContext)
        funnel.loops.enter(worker)
        var sessions: UInt64 = 0
        context = SessionContext(
            loop: loop, workers: [orders, worker],
            makeID: {
                sessions += 1
                return sessions
            }, log: { _, _ in })
        for place in [writer, reader] {
            place.isMariaDB = isMariaDB
            listen(place)
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

    private func listen(_ place: Place) {
        loop.listen(on: place.endpoint) { [unowned self] stream in
            let server = TransactionServer(stream, place, loop)
            place.connections.append(stream)
            handlers.append(server)
            stream.handler = server
            server.begin()
            return server
        }
    }

    func settle(_ seconds: Double, until isDone: () -> Bool = { false }) {
        let limit = loop.now + .seconds(seconds)
        loop.schedule(at: limit) {}
        while loop.now < limit, !isDone(), loop.turn() {}
    }

    /// The reader has all that the writer has, after that time.
    func follow(after seconds: Double = 0) {
        guard seconds > 0 else { return reader.sequence = writer.sequence }
        loop.schedule(at: loop.now + .seconds(seconds)) { [reader, writer] in reader.sequence = writer.sequence }
    }

    func client() -> TransactionClient {
        let client = TransactionClient(loop: loop)
        settle(10) { client.answer != nil }
        return client
    }

    /// The answer in a word: OK, an ERR's number, or the first value of a row.
    func ask(_ client: TransactionClient, _ text: String) -> String {
        client.send(text)
        settle(100) { client.answer != nil }
        return client.answer ?? "nothing"
    }

    /// Transactions remembered, statements that a server could show them to, and those that went elsewhere.
    var counted: [Int] {
        let counters = worker.numbers.countersByBackend
        return [
            counters.reduce(0) { $0 + $1.gtidsRemembered }, counters.reduce(0) { $0 + $1.gtidReads },
            counters.reduce(0) { $0 + $1.gtidFallbacks },
        ]
    }

    func breakConnections(to place: Place) {
        for stream in place.connections { stream.reset() }
        place.connections = []
        settle(1)
    }
}

/// One connection of a server: knows the statements of the tests, and the funnel's questions.
private final class TransactionServer: StreamHandler {
    private let stream: SimulatedStream
    private let place: TransactionTown.Place
    private let loop: SimulatedLoop
    private var joiner = PacketJoiner(expectedSequence: 1)
    private var isLoggedIn = false
    private var isInTransaction = false
    private let capabilities = FunnelServer.capabilities

    init(_ stream: SimulatedStream, _ place: TransactionTown.Place, _ loop: SimulatedLoop) {
        (self.stream, self.place, self.loop) = (stream, place, loop)
    }

    func begin() {
        let greeting = Greeting(
            serverVersion: place.isMariaDB ? "5.5.5-10.11.6-MariaDB" : "8.0.36", connectionID: 1,
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
        sayOK(after: 1)
    }

    private func take(_ text: String) {
        let verb = text.prefix { $0 != " " }
        guard ["SELECT", "UPDATE", "BEGIN", "COMMIT"].contains(verb) else { return sayOK() }
        place.served.append(text)
        if verb == "UPDATE" || verb == "COMMIT" { return commit(isNow: verb == "COMMIT" || !isInTransaction) }
        if verb == "BEGIN" {
            isInTransaction = true
            return sayOK()
        }
        if text.contains("gtid_current_pos") { return say("0-1-\(place.sequence)") }
        if text.contains("GTID_SUBSET") { return say(has(text) ? "1" : "0") }
        if text.contains("GTID_WAIT(") { return wait(text, late: "-1") }
        if text.contains("WAIT_FOR_EXECUTED_GTID_SET") { return wait(text, late: "1") }
        say(place.name)
    }

    private func commit(isNow: Bool) {
        guard isNow else { return sayOK() }
        isInTransaction = false
        place.sequence += 1
        let id = place.id(place.sequence)
        sayOK(
            place.isMariaDB
                ? .systemVariables([SessionStateChange.SystemVariable(name: "last_gtid", value: id)])
                : .gtids(encoding: 0, id))
    }

    /// Whether the transaction between the quotes is there.
    private func has(_ text: String) -> Bool {
        let id = text.split(separator: "'").dropFirst().first ?? ""
        return (1...max(1, place.sequence)).contains { place.id($0) == id } && place.sequence > 0
    }

    /// Looks every ten milliseconds, as long as the number behind the quotes says.
    private func wait(_ text: String, late: String) {
        let number = text.split(separator: "'").last?.dropFirst().prefix { $0 != ")" } ?? ""
        look(text, until: loop.now + .seconds(Double(number) ?? 0), late)
    }

    private func look(_ text: String, until limit: MonotonicTime, _ late: String) {
        if has(text) { return say("0") }
        if loop.now >= limit { return say(late) }
        loop.schedule(at: loop.now + .milliseconds(10)) { [weak self] in self?.look(text, until: limit, late) }
    }

    private var status: StatusFlags { isInTransaction ? [.autocommit, .inTransaction] : .autocommit }

    private func sayOK(after sequence: UInt8 = 0, _ changes: SessionStateChange...) {
        let state: [SessionStateChange] =
            sequence == 0 ? [.transactionState(isInTransaction ? "T_______" : "________")] : []
        let ok = OKPacket(status: status, changes: changes + state)
        say(after: sequence) { $0.append(ok, capabilities: capabilities) }
    }

    private func say(_ value: String) {
        say { writer in
            writer.append(
                columns: [ColumnDefinition(name: "c", type: .varString)], status: status, capabilities: capabilities)
            writer.append(textRow: [Array(value.utf8)])
            writer.appendResultEnd(status: status, capabilities: capabilities)
        }
    }

    private func say(after sequence: UInt8 = 0, _ body: (inout PacketWriter) -> Void) {
        var writer = PacketWriter(sequence: sequence &+ 1)
        body(&writer)
        stream.send(writer.take().span)
    }
}

/// A client that logs in without a password, and asks one thing after the other.
final class TransactionClient: StreamHandler {
    private var stream: ByteStream?
    private var joiner = PacketJoiner()
    private var isGreeted = false
    private var packets: [[UInt8]] = []
    /// The answer in a word; nil while it is awaited.
    private(set) var answer: String?

    init(loop: SimulatedLoop) {
        super.init()
        stream = loop.connect(to: FunnelTown.proxy, timeout: .seconds(5), handler: self, tag: 0)
    }

    func send(_ text: String) {
        (answer, packets) = (nil, [])
        var writer = PacketWriter()
        writer.append(Command.query.payload(text: text))
        stream?.send(writer.take().span)
    }

    func hangUp() { stream?.close() }

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
        packets.append(payload)
        switch payload.first {
        case 0xFF:
            let error = (try? ErrorPacket(decoding: payload.span))?.error
            answer = "ERR \(error?.code ?? 0) \(error?.message ?? "")"
        case 0x00 where packets.count == 1: answer = "OK"
        case 0xFE where packets.count == 4:
            let row = packets[2]
            let values = (try? TextRow(decoding: row.span, columns: 1))?.values
            answer = values?.first?.map { String(decoding: $0, as: UTF8.self) } ?? "NULL"
        default: break
        }
    }
}
