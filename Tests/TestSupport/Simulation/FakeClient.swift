public import EventLoop
public import MySQLWire
public import Pooling

/// A client that logs in, sends commands, and knows every byte of every answer beforehand.
public final class FakeClient: StreamHandler {
    /// How the client behaves.
    public struct Plan: Sendable {
        /// Commands before it quits.
        public var steps = 10
        /// The longest command, in bytes of payload.
        public var longestCommand = 2000
        /// After so many steps it breaks off, in the midst of a command.
        public var breaksAfter: Int?
        /// It connects and says nothing.
        public var isMute = false
        /// It reads in long pauses.
        public var isSlow = false
        /// It prepares statements, which it seldom closes.
        public var prepares = true
        /// It asks for results that end with an EOF.
        public var isOld = false
        /// The first words of queries, chosen by chance.
        public var verbs = ["SELECT"]

        /// A plan of a few small commands.
        public init() {}
    }

    private enum Stage {
        case greeting
        case login
        case commands
        case file(query: [UInt8])
        /// An ERR of the proxy has come: nothing but the end may follow.
        case refused
        case done
    }

    /// What the client is called; part of every query, so that a server knows one client's from another's.
    public let name: String
    /// Who it logs in as; part of every answer, and maybe shared with other clients.
    public private(set) var user: String
    /// Its default schema; part of every query as well.
    private var schema = "test"
    /// Whether its connection has ended.
    public private(set) var isDone = false
    /// The ERR of the proxy that ended the session, if one did.
    public private(set) var refusal: SQLError?
    /// Commands answered in full.
    public private(set) var answered = 0
    /// Whether the client has nothing more to do: what comes after is no loss.
    public private(set) var hasQuit = false

    private let loop: SimulatedLoop
    private let dialogue: FakeDialogue
    private let plan: Plan
    private let expectation: (FakeClient, [UInt8], UInt8) -> [UInt8]
    private let violated: (String) -> Void
    private var random: SplitMix64
    private var stream: SimulatedStream?
    private var stage = Stage.greeting
    private var joiner = PacketJoiner(expectedSequence: 0)
    private var turns: ArraySlice<FakeDialogue.LoginTurn> = []
    private var loginAsks = false
    private var step = 0
    private var expected: [UInt8] = []
    private var got: [UInt8] = []
    private var compared = 0
    /// Where the expected answers end.
    private var ends: Set<Int> = []

    /// What the client and the server have agreed on.
    public private(set) var capabilities: Capabilities

    /// A client not yet connected.
    ///
    /// - Parameters:
    ///   - expectation: the packets that answer the given command after the given sequence id.
    ///   - violated: told of every byte that isn't the expected one.
    public init(
        name: String, user: String? = nil, loop: SimulatedLoop, dialogue: FakeDialogue, plan: Plan, seed: UInt64,
        expectation: @escaping (FakeClient, [UInt8], UInt8) -> [UInt8], violated: @escaping (String) -> Void
    ) {
        self.name = name
        self.user = user ?? name
        let withheld: Capabilities = [.ssl, .compress, .zstdCompression]
        capabilities = FakeDialogue.capabilities.subtracting(plan.isOld ? withheld.union(.deprecateEOF) : withheld)
        self.loop = loop
        self.dialogue = dialogue
        self.plan = plan
        self.expectation = expectation
        self.violated = violated
        random = SplitMix64(seed: seed)
    }

    /// Connects.
    public func begin(to endpoint: Endpoint) {
        let stream = loop.connect(to: endpoint, timeout: .seconds(10), handler: self, tag: 0)
        self.stream = stream as? SimulatedStream
    }

    /// Where the client is, for a report.
    public var situation: String {
        "\(name) in \(stage), step \(step) of \(plan.steps), \(got.count) of \(expected.count) bytes of the answer"
    }

    public override func ended(_ stream: ByteStream, _ reason: EndReason) {
        if !got.isEmpty, compared < got.count, suspect == nil { fail("bytes were not compared") }
        isDone = true
        self.stream = nil
    }

    public override func received(_ bytes: Span<UInt8>, on stream: ByteStream) -> Int {
        if plan.isSlow, random.oneIn(5) {
            stream.pauseReceiving()
            loop.schedule(at: loop.now + .milliseconds(UInt64(random.below(100)))) { [weak self] in
                self?.stream?.resumeReceiving()
            }
        }
        switch stage {
        case .greeting, .login: return loginReceived(bytes)
        case .commands, .file:
            bytes.withUnsafeBufferPointer { got.append(contentsOf: $0) }
            compare()
        case .refused: fail("bytes came after the proxy's ERR")
        case .done: break
        }
        return bytes.count
    }

    // MARK: Login

    private func loginReceived(_ bytes: Span<UInt8>) -> Int {
        var offset = 0
        do {
            while let packet = try joiner.next(in: bytes, from: &offset) {
                loginPacket(packet.payload, packet.sequence)
                switch stage {
                case .greeting, .login: continue
                case .commands, .file, .refused, .done:
                    if offset < bytes.count { fail("bytes came behind the end of the login") }
                    return bytes.count
                }
            }
        } catch {
            fail("a login packet is broken: \(error)")
            return bytes.count
        }
        return offset
    }

    private func loginPacket(_ payload: [UInt8], _ sequence: UInt8) {
        if case .greeting = stage { return greeted(payload, sequence) }
        guard let turn = turns.popFirst() else { return fail("a login goes on behind its end") }
        switch turn {
        case .says(let expected):
            guard matches(payload, expected) else { return }
            if turns.isEmpty { loginEnded(isOK: payload.first == 0) }
        case .asks(let expected):
            guard matches(payload, expected) else { return }
            var writer = PacketWriter(sequence: sequence &+ 1)
            writer.append([UInt8](repeating: 0x5A, count: random.below(40)))
            send(writer.take())
            joiner.expectedSequence = writer.sequence
        }
    }

    private func matches(_ payload: [UInt8], _ expected: [UInt8]) -> Bool {
        if payload == expected { return true }
        refused(payload, "a login's packet is \(payload.prefix(40)), expected \(expected.prefix(40))")
        return false
    }

    private func greeted(_ payload: [UInt8], _ sequence: UInt8) {
        guard let greeting = try? Greeting(decoding: payload.span) else {
            return refused(payload, "the greeting can't be read")
        }
        if plan.isMute {
            // An ERR may come in its turn, or in the turn behind the login that it has not sent.
            joiner.expectedSequence = nil
            return
        }
        guard greeting.capabilities.isDisjoint(with: [.ssl, .compress, .zstdCompression]) else {
            return fail("the greeting offers what the proxy can't do")
        }
        capabilities.formIntersection(greeting.capabilities)
        let login = LoginRequest(
            capabilities: capabilities, collation: 45, user: user, authResponse: [UInt8](repeating: 1, count: 20),
            schema: "test", authMethod: greeting.authMethod)
        var writer = PacketWriter(sequence: sequence &+ 1)
        writer.append(login.encode())
        stage = .login
        turns = dialogue.login(user)[...]
        joiner.expectedSequence = writer.sequence
        send(writer.take())
    }

    private func loginEnded(isOK: Bool) {
        answered += 1
        guard isOK else {
            hasQuit = true
            stage = .done
            return
        }
        stage = .commands
        nextSoon()
    }

    // MARK: Commands

    private func nextSoon() {
        let pause = random.oneIn(4) ? TimeSpan.milliseconds(UInt64(random.below(50))) : .zero
        loop.schedule(at: loop.now + pause) { [weak self] in self?.nextStep() }
    }

    private func nextStep() {
        guard case .commands = stage, let stream else { return }
        if let last = plan.breaksAfter, step >= last { return breakOff(stream) }
        guard step < plan.steps else { return quit(stream) }
        step += 1
        if random.oneIn(15) { return changeUser() }
        if random.oneIn(12) {
            let query = [3] + FakeDialogue.fileQuery + Array(" \(signature)".utf8)
            stage = .file(query: query)
            expect(dialogue.fileRequest(for: query, of: user, after: 0))
            return send([], query)
        }
        var bytes: [UInt8] = []
        for _ in 0...(random.oneIn(5) ? random.below(4) : 0) { bytes += command() }
        // Commands without an answer alone leave nothing to wait for.
        if expected.isEmpty { bytes += framed([Command.ping.rawValue]) }
        send(bytes)
    }

    private func command() -> [UInt8] {
        switch random.below(14) {
        case 0: return framed([Command.ping.rawValue])
        case 1: return framed([Command.statistics.rawValue])
        case 2 where plan.prepares: return framed(Command.prepare.payload(text: "SELECT ? \(signature)"))
        case 3: return framed(Command.closeStatement.payload(number: UInt32(step))) + command()
        case 4: return framed(LongDataCommand(statementID: 1, parameter: 0, data: noise()).encode()) + command()
        case 5: return framed([Command.execute.rawValue, 1, 0, 0, 0, 0, 1, 0, 0, 0] + noise())
        case 6: return framed([0x7F] + noise())
        case 7:
            schema = "schema\(step)"
            return framed(Command.initDB.payload(text: schema))
        case 8: return framed(FieldListCommand(table: Array("t\(step)".utf8)).encode())
        default: return framed([3] + Array("\(verb()) \(signature) ".utf8) + noise())
        }
    }

    /// Who asks, where, and for the how many-th time.
    private var signature: String { "\(FakeDialogue.signature)\(name)@\(schema) \(step)" }

    private func verb() -> String { plan.verbs[random.below(plan.verbs.count)] }

    private func noise() -> [UInt8] {
        Noise.bytes(random.length(upTo: plan.longestCommand), at: random.next())
    }

    private func framed(_ payload: [UInt8]) -> [UInt8] {
        var writer = PacketWriter()
        writer.append(payload)
        expect(expectation(self, payload, writer.sequence &- 1))
        return writer.take()
    }

    private func changeUser() {
        user = "\(user.prefix { $0 != "/" })/\(step % 3)"
        schema = ""
        let request = ChangeUserRequest(
            user: user, authResponse: [1, 2, 3], schema: "", collation: 45, authMethod: "mysql_native_password")
        turns = dialogue.login(user)[...]
        stage = .login
        joiner = PacketJoiner(expectedSequence: 1)
        send([], request.encode(capabilities: capabilities))
    }

    private func sendFile(for query: [UInt8]) {
        var writer = PacketWriter(sequence: 2)
        var file: [UInt8] = []
        for _ in 0..<random.below(5) {
            let piece = noise()
            file += piece
            writer.append(piece)
        }
        writer.append([UInt8]())
        expect(dialogue.fileAnswer(file, to: query, of: user, after: writer.sequence &- 1, capabilities))
        stage = .commands
        send(writer.take())
    }

    private func expect(_ answer: [UInt8]) {
        expected += answer
        ends.insert(expected.count)
    }

    /// Whether an answer has begun and not ended.
    public var isMidAnswer: Bool { !got.isEmpty && !ends.contains(got.count) }

    private func send(_ front: [UInt8], _ payload: [UInt8]) {
        var writer = PacketWriter()
        writer.append(payload)
        send(front + writer.take())
    }

    private func send(_ bytes: [UInt8]) { stream?.send(bytes.span) }

    // MARK: Ends

    private func breakOff(_ stream: SimulatedStream) {
        hasQuit = true
        stage = .done
        let torn = command()
        stream.send(torn.span.extracting(0..<random.below(torn.count + 1)))
        if random.oneIn(2) { stream.reset() } else { stream.close() }
        finished()
    }

    private func quit(_ stream: SimulatedStream) {
        hasQuit = true
        stage = .done
        if random.oneIn(4) {
            stream.close()
            return finished()
        }
        send([], [Command.quit.rawValue])
        stream.closeAfterSending(lingering: .seconds(5))
        finished()
    }

    private func finished() {
        isDone = true
        stream = nil
    }

    // MARK: Comparing

    /// Where an answer left the expected one, at a packet's border.
    private var suspect: Int?

    private func compare() {
        if suspect == nil, let difference = Noise.firstDifference(got, expected, from: compared) {
            suspect = border(before: difference)
        }
        compared = got.count
        if let suspect { return inspect(at: suspect) }
        guard got.count >= expected.count else { return }
        guard got.count == expected.count else {
            return fail("bytes behind the end of the answer: \(got[expected.count...].prefix(50))")
        }
        answered += 1
        (expected, got, compared, ends) = ([], [], 0, [])
        if case .file(let query) = stage { return sendFile(for: query) }
        nextSoon()
    }

    private func border(before place: Int) -> Int {
        var border = 0
        while let header = PacketHeader(expected.span, at: border), border + header.packetLength <= place {
            border += header.packetLength
        }
        return border
    }

    /// In place of an answer's packet, only an ERR of the proxy may stand.
    private func inspect(at border: Int) {
        guard let header = PacketHeader(got.span, at: border) else { return }
        guard header.sequence == expected[border + 3] else {
            return fail(
                "byte \(border) of the answer: a packet numbered \(header.sequence), not \(expected[border + 3])")
        }
        guard got.count >= border + header.packetLength else { return }
        guard got.count == border + header.packetLength else { return fail("bytes behind an ERR of the proxy") }
        refused(Array(got[(border + 4)...]), "the answer differs in the packet at byte \(border)")
    }

    private func refused(_ payload: [UInt8], _ otherwise: String) {
        guard let error = try? ErrorPacket(decoding: payload.span).error else { return fail(otherwise) }
        refusal = error
        stage = .refused
    }

    private func fail(_ what: String) {
        violated("\(name), step \(step): \(what)")
        stage = .done
        stream?.reset()
        finished()
    }
}
