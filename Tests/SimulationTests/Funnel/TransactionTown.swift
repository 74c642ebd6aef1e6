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
    private let stage: FunnelStage
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
        let host = FakeHost()
        let rows = [writer, reader].enumerated().map { ServerRow(hostgroup: $0, endpoint: $1.endpoint) }
        host.backends.change { $0 = rows }
        stage = try FunnelStage(loop: loop, host: host, options: ["--funnel-max-backends=2"], hooks: [orders])
        for place in [writer, reader] {
            place.isMariaDB = isMariaDB
            listen(place)
        }
        stage.open()
        settle(1)
    }

    var funnel: Funnel { stage.funnel }

    private func listen(_ place: Place) {
        loop.listen(on: place.endpoint) { [unowned self] stream in
            let server = TransactionServer(stream, place, loop)
            place.connections.append(stream)
            handlers.append(server)
            stream.handler = server
            server.begin(version: place.isMariaDB ? "5.5.5-10.11.6-MariaDB" : "8.0.36")
            return server
        }
    }

    func settle(_ seconds: Double, until isDone: () -> Bool = { false }) { stage.settle(seconds, until: isDone) }

    /// The reader has all that the writer has, after that time.
    func follow(after seconds: Double = 0) {
        guard seconds > 0 else { return reader.sequence = writer.sequence }
        loop.schedule(at: loop.now + .seconds(seconds)) { [reader, writer] in reader.sequence = writer.sequence }
    }

    func client() -> StatementClient { stage.client() }

    /// The answer in a word: OK, an ERR's number, or the first value of a row.
    func ask(_ client: StatementClient, _ text: String) -> String {
        switch stage.ask(client, Command.query.payload(text: text)) {
        case .done: "OK"
        case .failed(let error): "ERR \(error.code) \(error.message)"
        case .value(let value): value ?? "NULL"
        case nil: "nothing"
        }
    }

    /// Transactions remembered, statements that a server could show them to, and those that went elsewhere.
    var counted: [Int] {
        let counters = stage.worker.numbers.countersByBackend
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
private final class TransactionServer: StatementServer {
    private let place: TransactionTown.Place
    private let loop: SimulatedLoop

    init(_ stream: SimulatedStream, _ place: TransactionTown.Place, _ loop: SimulatedLoop) {
        (self.place, self.loop) = (place, loop)
        super.init(stream, number: 1)
    }

    override func take(_ text: String) {
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
}
