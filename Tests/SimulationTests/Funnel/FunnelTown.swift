import Chassis
import EventLoop
import MySQLWire
import PluginAPI
import Pooling
import ProxyCore
import TestSupport

@testable import FunnelPlugin

/// One run of clients, the production funnel and a server, all of it drawn from one seed.
final class FunnelTown {
    /// What may happen in a run.
    struct Weather {
        var clients = 12
        var users = 1
        var maxBackends = 3
        var pins = true
        /// Whether clients log in without a schema, too.
        var hasSchemaless = true
        var serversDie = false
        var clientsDie = false
        /// How many servers there are; with several, statements go to two hostgroups.
        var servers = 1
        /// Whether servers are drained, paused, removed and added, and weights changed, all the time.
        var serversMove = false
        /// Whether they are set OFFLINE_HARD, too.
        var serversAreCutOff = false
        var queue = "fifo"
    }

    /// What a planted fault does: the checks must notice each.
    enum Fault {
        /// Two of the server's connections change what sessions have set, as if sessions had got the wrong ones.
        case swapsState
        /// One statement is never answered, as if its session was forgotten.
        case losesAnswer
        /// One connection more than the server is told of.
        case opensAnother
        /// The order of arrival is told wrongly, as if somebody had passed the others.
        case passes
    }

    let seed: UInt64
    let loop: SimulatedLoop
    private(set) var weather: Weather
    private(set) var violations: [String] = []
    private(set) var clients: [FunnelClient] = []
    private(set) var refusals: [SQLError] = []
    /// The most connections that the server had at once.
    private(set) var peak = 0

    private let fault: Fault?
    private var isFaultDue = true
    let host = FakeHost()
    private let stage: FunnelStage
    private let arrivals: Arrivals
    private var accepted: [FunnelServer] = []
    private var servers: [ObjectIdentifier: FunnelServer] = [:]
    private var serving: [FunnelMark] = []

    init(seed: UInt64, weather: Weather, fault: Fault? = nil) throws {
        self.seed = seed
        self.weather = weather
        self.fault = fault
        loop = SimulatedLoop(seed: seed)
        for number in 0..<weather.servers { try host.backends.add(Self.server(number), role: .readWrite) }
        arrivals = Arrivals(hostgroups: weather.servers > 1 ? 2 : 1, loop: loop)
        stage = try FunnelStage(
            loop: loop, host: host,
            options: [
                "--funnel-max-backends=\(weather.maxBackends)", "--funnel-queue=\(weather.queue)",
                "--funnel-backlog-timeout=600", "--funnel-backend-wait=600",
            ], users: (0..<weather.users).map { "user\($0)" }, hooks: [arrivals])
    }

    var funnel: Funnel { stage.funnel }

    // MARK: The scene

    /// Runs to the end and checks everything.
    func run() {
        for number in 0..<weather.servers {
            loop.listen(on: Self.server(number)) { [unowned self] in
                weather.serversDie && loop.random.oneIn(10) ? .refused(errno: 111) : .accepted
            } accepted: { [unowned self] in
                open($0, number)
            }
        }
        if weather.servers > 1 { moveServers() }
        stage.open()
        for number in 0..<weather.clients { addClient(number) }
        if fault == .swapsState { swapSoon() }
        let limit = loop.now + .seconds(500)
        while !clients.allSatisfy(\.isDone) || stage.context.count > 0, loop.now < limit, violations.isEmpty,
            loop.turn()
        {}
        settle()
        check()
    }

    /// Sessions that have gone may have left answers under way.
    private func settle() {
        let end = loop.now + .seconds(40)
        loop.schedule(at: end) {}
        while loop.now < end, violations.isEmpty, loop.turn() {}
    }

    private func open(_ stream: SimulatedStream, _ number: Int) -> StreamHandler? {
        let diesAfter = weather.serversDie && loop.random.oneIn(2) ? loop.random.below(30) : nil
        let server = FunnelServer(stream, town: self, diesAfter: diesAfter, place: number)
        accepted.append(server)
        stream.handler = server
        server.begin(number: UInt32(accepted.count))
        return server
    }

    private func addClient(_ number: Int) {
        var plan = FunnelClient.Plan()
        plan.steps = 5 + loop.random.below(25)
        plan.pins = weather.pins
        if weather.hasSchemaless, loop.random.oneIn(6) { plan.schema = "" }
        if weather.clientsDie, loop.random.oneIn(3) { plan.breaksAfter = loop.random.below(20) }
        let client = FunnelClient(
            name: "client\(number)", user: "user\(number % weather.users)", town: self, plan: plan,
            seed: loop.random.next())
        clients.append(client)
        loop.schedule(at: loop.now + .milliseconds(UInt64(loop.random.below(30)))) {
            client.begin(to: FunnelStage.proxy)
        }
    }

    // MARK: What the others tell

    func violated(_ what: String) { violations.append(what) }

    func serverBegan(_ server: FunnelServer) {
        servers[ObjectIdentifier(server)] = server
        let count = servers.values.count { $0.place == server.place }
        peak = max(peak, count + (fault == .opensAnother ? 1 : 0))
        if peak > weather.maxBackends {
            violations.append("the server has \(peak) connections, \(weather.maxBackends) are allowed")
        }
    }

    func serverEnded(_ server: FunnelServer) { servers[ObjectIdentifier(server)] = nil }

    func served(_ mark: FunnelMark) { serving.append(mark) }

    func losesAnswer() -> Bool {
        guard fault == .losesAnswer, isFaultDue, serving.count > 20 else { return false }
        isFaultDue = false
        return true
    }

    func refused(_ client: FunnelClient, _ error: SQLError) {
        refusals.append(error)
        guard !weather.serversDie, !weather.serversAreCutOff else { return }
        violations.append("nothing has failed, but \(client.name) got \(error.code): \(error.message)")
    }

    func cutOff(_ client: FunnelClient) {
        // No ERR fits into the middle of a packet.
        if weather.serversAreCutOff, client.isInsidePacket { return }
        violations.append("\(client.situation) was cut off")
    }

    private func swapSoon() {
        loop.schedule(at: loop.now + .milliseconds(10)) { [weak self] in
            guard let self else { return }
            let open = servers.values.filter { !$0.isEnded }.sorted { $0.stream.localAddress < $1.stream.localAddress }
            if open.count > 1 {
                swap(&open[0].state.variables, &open[1].state.variables)
                swap(&open[0].state.timeZone, &open[1].state.timeZone)
            }
            if !clients.allSatisfy(\.isDone) { swapSoon() }
        }
    }

    // MARK: What must hold

    private func check() {
        guard violations.isEmpty else { return }
        let open = clients.filter { !$0.isDone }.map(\.situation)
        expect(
            open.isEmpty && stage.context.count == 0, "forgotten at the end: \(stage.context.count) sessions, \(open)")
        for client in clients {
            let hasEnded = client.hasQuit || client.refusal != nil || client.wasCutInsidePacket
            expect(hasEnded, "\(client.situation) has not come to its end")
        }
        for pool in funnel.pools { check(pool) }
        for server in servers.values {
            expect(!server.state.isTied, "a connection rests with a session's transaction or table")
        }
        checkOrder()
        stage.worker.sessionsEnded()
        settle()
        expect(servers.isEmpty && loop.streamCount == 0, "\(servers.count) connections are open after the drain")
    }

    private func check(_ pool: BackendPool) {
        guard violations.isEmpty else { return }
        let report = pool.look { LeaseTally($0) }
        expect(report.leased == 0, "\(report.leased) connections are leased, and nobody is there")
        expect(report.waiting == 0, "\(report.waiting) wait, and nobody is there")
        expect(report.pinned == 0, "\(report.pinned) connections are pinned, and nobody is there")
        expect(pool.outstanding == 0, "\(pool.outstanding) statements are counted as outstanding")
    }

    /// With one connection, and nothing that holds it, statements reach the server in the order of their arrival.
    private func checkOrder() {
        guard weather.maxBackends == 1, !weather.pins, !weather.serversDie, !weather.clientsDie else { return }
        guard weather.users == 1, weather.servers == 1 else { return }
        var arrived = arrivals.marks
        if fault == .passes { arrived.swapAt(5, 6) }
        expect(arrived == serving, "statements were not served in the order of their arrival")
    }

    private func expect(_ condition: Bool, _ text: @autoclosure () -> String) {
        if !condition { violations.append(text()) }
    }
}

/// The lease book's counts at one moment.
private struct LeaseTally: Sendable {
    let leased: Int
    let waiting: Int
    let pinned: Int

    init(_ book: borrowing LeaseBook) {
        leased = book.connectionCounts[.leased]
        waiting = book.waiting
        pinned = book.statistics.pinsNow.total
    }
}

/// Notes in which order statements come to the funnel, and sends them to any of the hostgroups.
private final class Arrivals: QueryHook {
    private(set) var marks: [FunnelMark] = []
    private let hostgroups: Int
    private let loop: SimulatedLoop

    init(hostgroups: Int, loop: SimulatedLoop) {
        self.hostgroups = hostgroups
        self.loop = loop
    }

    func query(_ command: borrowing CommandView, in session: Session) -> QueryVerdict {
        if hostgroups > 1 { session.hostgroup = loop.random.oneIn(3) ? nil : loop.random.below(hostgroups) }
        guard command.command == .query else { return .next }
        let text = String(decoding: command.payload().dropFirst(), as: UTF8.self)
        if let mark = FunnelMark(in: text) { marks.append(mark) }
        return .next
    }
}
