import EventLoop
import MySQLWire
import Pooling
import TestSupport

/// A client that knows at every moment what its session's state has to be, and asks after it.
final class FunnelClient: StreamHandler {
    /// How the client behaves.
    struct Plan {
        var steps = 10
        /// After so many commands it breaks off, without waiting for the answer.
        var breaksAfter: Int?
        /// Whether it does what pins its connection.
        var pins = true
        /// The schema that it logs in with; empty for none.
        var schema = "home"
    }

    private enum Stage {
        case greeting
        case login
        case command(Step)
        case done
    }

    private enum Step: Equatable {
        case sets(String)
        case setsZone(String)
        case uses(String)
        case looks
        case begins
        case commits
        case creates
        case drops
        case pings
        case resets

        /// Whether it ties the session to its connection, or what is tied is gone by it.
        var isPinning: Bool { self == .begins || self == .creates }
    }

    let name: String
    let user: String
    private(set) var isDone = false
    private(set) var hasQuit = false
    private(set) var refusal: SQLError?
    private(set) var losses = 0
    /// Looks whose answer was the right one.
    private(set) var looked = 0

    private let loop: SimulatedLoop
    private unowned let town: FunnelTown
    private let plan: Plan
    private var random: SplitMix64
    private var stream: SimulatedStream?
    private var stage = Stage.greeting
    private var joiner = PacketJoiner(expectedSequence: 0)
    private var answer: [[UInt8]] = []
    private var sent = 0
    /// Whether the begin of a packet has come whose rest has not.
    private(set) var isInsidePacket = false
    private(set) var wasCutInsidePacket = false

    // What has to be.
    private var variable: String?
    private var zone = FunnelServer.State.systemZone
    private var schema: String
    private var isInTransaction = false
    private var hasTable = false

    private static let capabilities: Capabilities = FunnelServer.capabilities.subtracting([.foundRows])

    init(name: String, user: String, town: FunnelTown, plan: Plan, seed: UInt64) {
        self.name = name
        self.user = user
        self.town = town
        self.plan = plan
        loop = town.loop
        schema = plan.schema
        random = SplitMix64(seed: seed)
    }

    func begin(to endpoint: Endpoint) {
        stream = loop.connect(to: endpoint, timeout: .seconds(10), handler: self, tag: 0) as? SimulatedStream
    }

    var situation: String { "\(name) at \(stage), \(sent) of \(plan.steps) commands sent" }

    override func ended(_ stream: ByteStream, _ reason: EndReason) {
        if case .done = stage {} else { town.cutOff(self) }
        wasCutInsidePacket = isInsidePacket
        isDone = true
        self.stream = nil
    }

    override func received(_ bytes: Span<UInt8>, on stream: ByteStream) -> Int {
        var offset = 0
        while !isDone {
            do {
                guard let packet = try joiner.next(in: bytes, from: &offset) else {
                    isInsidePacket = offset < bytes.count
                    return offset
                }
                take(packet.payload, packet.sequence)
            } catch {
                fail("it got a broken packet: \(error)")
            }
        }
        return bytes.count
    }

    private func take(_ payload: [UInt8], _ sequence: UInt8) {
        switch stage {
        case .greeting: logIn(payload)
        case .login: loginAnswered(payload, sequence)
        case .command(let step): answerArrived(payload, to: step)
        case .done: break
        }
    }

    // MARK: Login

    private func logIn(_ payload: [UInt8]) {
        guard (try? Greeting(decoding: payload.span)) != nil else { return refused(payload) }
        let request = LoginRequest(
            capabilities: Self.capabilities, collation: 45, user: user, authResponse: [],
            schema: schema.isEmpty ? nil : schema, authMethod: "mysql_native_password")
        stage = .login
        send(request.encode(), sequence: 1)
    }

    private func loginAnswered(_ payload: [UInt8], _ sequence: UInt8) {
        switch payload.first {
        case 0x00: next()
        case 0xFE: send([], sequence: sequence &+ 1)
        case _: refused(payload)
        }
    }

    private func refused(_ payload: [UInt8]) {
        refusal = (try? ErrorPacket(decoding: payload.span))?.error
        if refusal == nil { return fail("its login was answered by \(payload.prefix(20))") }
        finish()
    }

    // MARK: Commands

    private func next() {
        answer = []
        guard sent < plan.steps else { return quit() }
        let pause = random.oneIn(3) ? random.below(20_000_000) : 0
        loop.schedule(at: loop.now + TimeSpan(nanoseconds: UInt64(pause))) { [weak self] in self?.act() }
    }

    private func act() {
        guard !isDone, stream != nil else { return }
        let step = chosen()
        stage = .command(step)
        sent += 1
        send(payload(of: step), sequence: 0)
        if let breaks = plan.breaksAfter, sent > breaks { breakOff() }
    }

    private func chosen() -> Step {
        switch random.below(plan.pins ? 12 : 8) {
        case 0: .sets("\(name).\(sent)")
        case 1: .setsZone("+0\(random.below(10)):00")
        case 2: .uses(random.oneIn(2) ? "home" : "away")
        case 3: random.oneIn(3) ? .resets : .pings
        case 4...7: .looks
        case 8...9: isInTransaction ? .commits : .begins
        case _: hasTable ? .drops : .creates
        }
    }

    private func payload(of step: Step) -> [UInt8] {
        let mark = FunnelMark(client: name, number: sent)
        let text: String
        switch step {
        case .uses(let schema): return Command.initDB.payload(text: schema)
        case .pings: return Command.ping.payload()
        case .resets: return Command.resetConnection.payload()
        case .sets(let value): text = "SET @mine='\(value)'"
        case .setsZone(let zone): text = "SET time_zone='\(zone)'"
        case .looks: text = "SELECT @mine,DATABASE(),@@time_zone"
        case .begins: text = "BEGIN"
        case .commits: text = "COMMIT"
        case .creates: text = "CREATE TEMPORARY TABLE home.mine(i INT)"
        case .drops: text = "DROP TEMPORARY TABLE home.mine"
        }
        return Command.query.payload(text: mark.comment + text)
    }

    private func send(_ payload: [UInt8], sequence: UInt8) {
        var writer = PacketWriter(sequence: sequence)
        writer.append(payload)
        joiner = PacketJoiner(expectedSequence: writer.sequence)
        let bytes = writer.take()
        stream?.send(bytes.span)
    }

    // MARK: Answers

    private func answerArrived(_ payload: [UInt8], to step: Step) {
        answer.append(payload)
        if payload.first == 0xFF, answer.count == 1 { return failed() }
        guard step == .looks else { return done(step) }
        if answer.count > 1, payload.first == 0xFE, payload.count < 100 { look() }
    }

    private func done(_ step: Step) {
        guard answer.first?.first == 0x00 else { return fail("\(step) was answered by \(answer)") }
        switch step {
        case .sets(let value): variable = value
        case .setsZone(let value): zone = value
        case .uses(let value): schema = value
        case .begins: isInTransaction = true
        case .commits: isInTransaction = false
        case .creates: hasTable = true
        case .drops: hasTable = false
        case .resets: forget()
        case .pings, .looks: break
        }
        next()
    }

    /// A reset leaves the schema as it is.
    private func forget() {
        (variable, zone) = (nil, FunnelServer.State.systemZone)
        (isInTransaction, hasTable) = (false, false)
    }

    private func look() {
        let row = answer.count == 6 ? answer[4] : []
        let values = (try? TextRow(decoding: row.span, columns: 3))?.values
        let got = values?.map { $0.map { String(decoding: $0, as: UTF8.self) } }
        let expected: [String?] = [variable, schema.isEmpty ? nil : schema, zone]
        guard got == expected else {
            return fail("its state is \(expected), and it sees \(got.map { "\($0)" } ?? "\(answer)")")
        }
        looked += 1
        next()
    }

    /// An ERR in the place of an answer: what it has done is not known, so that the session begins anew.
    private func failed() {
        let payload = answer[0]
        guard let error = (try? ErrorPacket(decoding: payload.span))?.error else { return fail("a broken ERR") }
        town.refused(self, error)
        losses += 1
        answer = []
        stage = .command(.resets)
        send(Command.resetConnection.payload(), sequence: 0)
    }

    // MARK: Ends

    private func quit() {
        hasQuit = true
        send(Command.quit.payload(), sequence: 0)
        stage = .done
        stream?.closeAfterSending(lingering: .seconds(5))
        finish()
    }

    private func breakOff() {
        hasQuit = true
        let stream = stream
        stage = .done
        finish()
        // It dies at any time: in the queue, while its connection is prepared, in its answer.
        loop.schedule(at: loop.now + TimeSpan(nanoseconds: UInt64(random.below(30_000_000)))) { [random] in
            var random = random
            if random.oneIn(2) { stream?.reset() } else { stream?.close() }
            withExtendedLifetime(self) {}
        }
    }

    private func finish() {
        isDone = true
        stage = .done
        stream = nil
    }

    private func fail(_ what: String) {
        town.violated("\(name), command \(sent): \(what)")
        hasQuit = true
        stream?.reset()
        finish()
    }
}
