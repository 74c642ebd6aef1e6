import ArgumentParser
import Chassis
import EventLoop
import MySQLWire
import PluginAPI
import Pooling
import ProxyCore
import ProxyPlugin
import TestSupport

/// One run of clients, the production proxy and servers, all of it drawn from one seed.
final class Simulation {
    /// What may go wrong in a run.
    struct Weather {
        var failuresOfBackends = false
        var failuresOfClients = false
        var hasMeddler = false
        var hasStatementMeddler = false
        var hasHolder = false
        var hasParker = false
        /// Whether every backend connection says something unasked, once.
        var hasChatter = false
        var drains = false
        /// Whether some peer is silent on purpose, so that timeouts are right.
        var hasSilence = false
        var longestCommand = 2000
        var longestRow = 2000
    }

    static let proxy = Endpoint.tcp(host: "proxy", port: 4040)

    let seed: UInt64
    let loop: SimulatedLoop
    private(set) var weather = Weather()
    /// What was found wrong.
    private(set) var violations: [String] = []
    private(set) var clients: [FakeClient] = []
    private(set) var causes: [EndCause] = []

    private let dialogue: FakeDialogue
    private let host = FakeHost()
    private let census = Census()
    private let plugin: ProxyPlugin
    private let ruler: StatementMeddler
    private let loopContext: SimulatedLoopContext
    private let context: SessionContext
    private var backends: [FakeBackend] = []
    private var isDraining = false

    init(seed: UInt64, weather fixed: Weather? = nil) throws {
        self.seed = seed
        loop = SimulatedLoop(seed: seed)
        weather = fixed ?? Self.weather(&loop.random)
        dialogue = FakeDialogue(seed: seed, longestRow: weather.longestRow)
        loopContext = SimulatedLoopContext(loop: loop)
        let addresses = (0...loop.random.below(3)).map { "--proxy-backend-addresses=db\($0):3306" }
        plugin = try ProxyPlugin(options: try ProxyOptions.parse(addresses), host: host)
        try plugin.start()
        var workers: [any PluginWorker] = [census]
        if weather.hasParker {
            workers.append(Parker(loop: loop, backends: host.backends, injects: !weather.hasMeddler))
            for backend in host.backends.all { backend.maxIdleConnections = loop.random.below(5) }
        }
        if weather.hasHolder { workers.append(Holder(loop: loop)) }
        if weather.hasMeddler { workers.append(Meddler(loop: loop)) }
        if let worker = plugin.makeWorker(on: loopContext) { workers.append(worker) }
        var complaints: (String) -> Void = { _ in }
        let ruler = StatementMeddler(loop: loop) { complaints($0) }
        if weather.hasStatementMeddler { workers.append(ruler) }
        self.ruler = ruler
        var sessions: UInt64 = 0
        context = SessionContext(
            loop: loop, workers: workers,
            makeID: {
                sessions += 1
                return sessions
            }, log: { _, _ in })
        loop.isWatched = { $0 is ProxyConnection }
        complaints = { [unowned self] in violations.append($0) }
        context.onEnded = { [unowned self] in causes.append($0) }
    }

    private static func weather(_ random: inout SplitMix64) -> Weather {
        var weather = Weather()
        weather.failuresOfBackends = random.oneIn(3)
        weather.failuresOfClients = random.oneIn(3)
        weather.hasMeddler = random.oneIn(2)
        weather.hasStatementMeddler = random.oneIn(2)
        weather.hasHolder = random.oneIn(3)
        weather.hasParker = random.oneIn(2)
        weather.drains = random.oneIn(4)
        weather.hasSilence = random.oneIn(6)
        weather.longestCommand = random.oneIn(100) ? 17_000_000 : random.oneIn(20) ? 400_000 : 3000
        weather.longestRow = random.oneIn(8) ? 600_000 : 3000
        return weather
    }

    // MARK: The scene

    /// Runs to the end and checks everything.
    func run() {
        for backend in host.backends.all { open(backend) }
        loop.listen(on: Self.proxy) { [unowned self] in accept($0) }
        for number in 0...loop.random.below(weather.hasParker ? 12 : 6) { addClient(number) }
        if weather.drains {
            loop.schedule(at: loop.now + .milliseconds(UInt64(loop.random.below(1500)))) { [unowned self] in drain() }
        }
        let limit = loop.now + .seconds(4000)
        while !isOver, loop.now < limit, violations.isEmpty, loop.turn() {}
        check()
    }

    private var isOver: Bool {
        clients.allSatisfy(\.isDone) && context.count == 0 && loop.streamCount == 0
    }

    private func open(_ backend: Backend) {
        let isDead = weather.failuresOfBackends && loop.random.oneIn(4)
        loop.listen(on: backend.endpoint) { [unowned self] in
            guard weather.failuresOfBackends else { return .accepted }
            if weather.hasSilence, loop.random.oneIn(6) { return .silence }
            return isDead || loop.random.oneIn(8) ? .refused(errno: 111) : .accepted
        } accepted: { [unowned self] stream in
            let backend = FakeBackend(dialogue: dialogue, loop: loop, stream: stream, failure: failure()) {
                [unowned self] in violations.append($0)
            }
            backends.append(backend)
            stream.handler = backend
            backend.begin(connection: UInt32(backends.count))
            return backend
        }
    }

    private func failure() -> FakeBackend.Failure {
        if weather.hasChatter { return .chatter(afterPackets: 2 + loop.random.below(8)) }
        guard weather.failuresOfBackends, loop.random.oneIn(2) else { return .none }
        let packets = loop.random.below(12)
        switch loop.random.below(10) {
        case 0: return .refusal
        case 1: return .nonsense(afterPackets: packets)
        case 4: return .chatter(afterPackets: packets)
        case 2 where weather.hasSilence: return .mute
        case 3 where weather.hasSilence: return .silence(afterPackets: packets)
        default:
            return .death(
                afterPackets: packets, isReset: loop.random.oneIn(2), isMidAnswer: loop.random.oneIn(2))
        }
    }

    private func accept(_ stream: SimulatedStream) -> StreamHandler? {
        isDraining ? nil : context.accept(stream, timeouts: .simulated())
    }

    private func addClient(_ number: Int) {
        var plan = FakeClient.Plan()
        plan.steps = loop.random.below(20)
        plan.longestCommand = weather.longestCommand
        plan.isSlow = loop.random.oneIn(4)
        if weather.hasMeddler { plan.verbs = Meddler.verbs }
        if weather.hasStatementMeddler { plan.verbs += StatementMeddler.verbs }
        if weather.failuresOfClients, loop.random.oneIn(2) { plan.breaksAfter = loop.random.below(10) }
        plan.isMute = weather.hasSilence && loop.random.oneIn(5)
        plan.prepares = !weather.hasParker || loop.random.oneIn(4)
        plan.isOld = weather.hasParker && loop.random.oneIn(4)
        let user = weather.hasParker ? "user\(number % 2)" : "client\(number)"
        let client = FakeClient(
            name: "client\(number)", user: user + (loop.random.oneIn(15) ? "/refused" : ""), loop: loop,
            dialogue: dialogue, plan: plan, seed: loop.random.next(),
            expectation: { [unowned self] in answer(to: $1, of: $0, after: $2) },
            violated: { [unowned self] in violations.append($0) })
        clients.append(client)
        loop.schedule(at: loop.now + .milliseconds(UInt64(loop.random.below(300)))) {
            client.begin(to: Self.proxy)
        }
    }

    /// What the client must get: the plugins' answer, or the server's to what the plugins made of the command.
    private func answer(to payload: [UInt8], of client: FakeClient, after sequence: UInt8) -> [UInt8] {
        var sent = payload
        var payloads: [[UInt8]]?
        if weather.hasMeddler {
            payloads = Meddler.answer(to: payload)
            sent = Meddler.rewritten(sent)
        }
        if weather.hasStatementMeddler {
            payloads = payloads ?? StatementMeddler.answer(to: payload)
            sent = StatementMeddler.changed(sent)
        }
        guard let payloads else {
            return dialogue.answer(to: sent, of: client.user, after: sequence, client.capabilities)
        }
        var writer = PacketWriter(sequence: sequence &+ 1)
        for payload in payloads { writer.append(payload) }
        return writer.take()
    }

    private func drain() {
        isDraining = true
        context.drain()
    }

    // MARK: What must hold

    private func check() {
        guard violations.isEmpty else { return }
        expect(isOver, "at \(loop.now.nanoseconds / 1_000_000_000) s something is still open: \(situation)")
        for backend in host.backends.all {
            expect(
                !isOver || backend.idleConnections == 0,
                "\(backend.endpoint) counts parked connections, and none is there")
            expect(
                !isOver || backend.connectedClients == 0,
                "\(backend.endpoint) counts \(backend.connectedClients) clients, and none is there")
        }
        expect(
            Set(census.disconnected.keys) == census.connected && census.disconnected.values.allSatisfy { $0 == 1 },
            "the disconnect hook was not told once of every session: \(census.disconnected)")
        expect(ruler.asked == ruler.told, "\(ruler.asked) statements were asked about, \(ruler.told) told of")
        let keepsResults = weather.hasMeddler || weather.hasParker
        let limit = 600_000 + 2 * max(weather.longestCommand, keepsResults ? weather.longestRow * 20 : 0)
        expect(loop.peakBytes <= limit, "\(loop.peakBytes) bytes were pending or held, \(limit) is the most")
        checkEnds()
    }

    private func checkEnds() {
        let mayBreak = weather.failuresOfBackends || weather.hasChatter
        let isCalm = !mayBreak && !weather.hasSilence && !weather.drains
        for client in clients where isCalm {
            if weather.hasParker, client.refusal == Notice.backendParked.error { continue }
            expect(client.hasQuit, "nothing has failed, but \(client.situation) was cut off: \(client.refusal as Any)")
        }
        for client in clients where !mayBreak && !weather.hasSilence && !weather.failuresOfClients {
            if weather.hasParker, client.refusal == Notice.backendParked.error { continue }
            expect(!client.isMidAnswer, "an answer was cut off, though nothing has failed: \(client.situation)")
        }
        for cause in causes {
            switch cause {
            case .clientTimeout, .backendTimeout, .clientStalled, .backendStalled, .holdTimeout, .loginTimeout:
                expect(weather.hasSilence, "nobody was silent, but a session ended: \(cause)")
            case .clientViolation, .plugin:
                expect(weather.failuresOfBackends || weather.failuresOfClients, "no peer broke a rule: \(cause)")
            case .statementTimeout: expect(false, "nobody has ordered a timeout")
            case .backendParked: expect(weather.hasParker, "nobody parks: \(cause)")
            case .backendViolation, .backendLost: expect(mayBreak, "no backend failed: \(cause)")
            case .drained: expect(weather.drains, "nobody drained: \(cause)")
            case .clientQuit, .clientClosed, .clientLost, .loginRefused: break
            }
        }
    }

    private var situation: String {
        let open = clients.filter { !$0.isDone }.map(\.situation)
        return "\(context.count) sessions, \(loop.streamCount) streams; \(open)"
    }

    private func expect(_ condition: Bool, _ text: @autoclosure () -> String) {
        if !condition { violations.append(text()) }
    }
}
