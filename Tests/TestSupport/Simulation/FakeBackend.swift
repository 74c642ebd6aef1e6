public import EventLoop
import MySQLWire
import Pooling

/// One connection of a fake server: speaks the protocol, answers as its ``FakeDialogue`` says, and fails as planned.
public final class FakeBackend: StreamHandler {
    /// How a connection fails, if it does.
    public enum Failure: Sendable {
        /// Not at all.
        case none
        /// It says nothing from the beginning.
        case mute
        /// It sends an ERR in place of its greeting.
        case refusal
        /// It breaks after so many packets of the client, before the answer or in the midst of it.
        case death(afterPackets: Int, isReset: Bool, isMidAnswer: Bool)
        /// It says nothing more after so many packets of the client.
        case silence(afterPackets: Int)
        /// It sends an OK that nobody asked for behind an answer, after so many packets of the client.
        case chatter(afterPackets: Int)
        /// It sends a packet out of sequence after so many packets of the client.
        case nonsense(afterPackets: Int)
    }

    private enum Stage {
        case login
        case command
        case file(of: [UInt8])
        case ended

        var isEnded: Bool {
            switch self {
            case .ended: true
            case .login, .command, .file: false
            }
        }
    }

    private let dialogue: FakeDialogue
    private let loop: SimulatedLoop
    private let stream: SimulatedStream
    private let failure: Failure
    private let violated: (String) -> Void
    private var joiner = PacketJoiner(expectedSequence: 1)
    private var stage = Stage.login
    private var user = ""
    private var schema = ""
    /// The client that has left its state here.
    private var occupant = ""
    private var capabilities: Capabilities = []
    private var turns: ArraySlice<FakeDialogue.LoginTurn> = []
    private var isLoggedIn = false
    private var file: [UInt8] = []
    private var packets = 0

    /// A server's end of a new connection.
    ///
    /// - Parameter violated: told where the other side does what no client would.
    public init(
        dialogue: FakeDialogue, loop: SimulatedLoop, stream: SimulatedStream, failure: Failure,
        violated: @escaping (String) -> Void
    ) {
        self.dialogue = dialogue
        self.loop = loop
        self.stream = stream
        self.failure = failure
        self.violated = violated
    }

    /// Greets, or doesn't.
    public func begin(connection: UInt32) {
        var writer = PacketWriter()
        switch failure {
        case .mute: return
        case .refusal:
            writer.append(SQLError(code: 1040, state: "08004", message: "Too many connections"))
            stream.send(writer.take().span)
            end(isReset: false)
        case .none, .death, .silence, .nonsense, .chatter:
            writer.append(dialogue.greeting(connection: connection))
            stream.send(writer.take().span)
        }
    }

    public override func received(_ bytes: Span<UInt8>, on stream: ByteStream) -> Int {
        var offset = 0
        while !stage.isEnded {
            do {
                guard let packet = try joiner.next(in: bytes, from: &offset) else { return offset }
                take(packet.payload, packet.sequence)
            } catch {
                violated("a backend got a broken packet from the proxy: \(error)")
                end(isReset: true)
            }
        }
        return bytes.count
    }

    public override func ended(_ stream: ByteStream, _ reason: EndReason) { stage = .ended }

    private func take(_ payload: [UInt8], _ sequence: UInt8) {
        packets += 1
        if loop.random.oneIn(50) { stream.stall(for: .milliseconds(UInt64(loop.random.below(400)))) }
        if let answer = answer(to: payload, sequence) { say(answer, after: sequence) }
    }

    private func answer(to payload: [UInt8], _ sequence: UInt8) -> [UInt8]? {
        switch stage {
        case .ended: return nil
        case .login: return loginAnswer(to: payload, sequence)
        case .command: return commandAnswer(to: payload, sequence)
        case .file(let query):
            guard payload.isEmpty else {
                file += payload
                return nil
            }
            expectCommand()
            return dialogue.fileAnswer(file, to: query, of: user, after: sequence, capabilities)
        }
    }

    private func loginAnswer(to payload: [UInt8], _ sequence: UInt8) -> [UInt8]? {
        if turns.isEmpty {
            guard let login = try? LoginRequest(decoding: payload.span) else {
                violated("a backend can't read a login")
                return nil
            }
            user = login.user
            schema = login.schema ?? ""
            capabilities = login.capabilities.intersection(FakeDialogue.capabilities)
            turns = dialogue.login(user)[...]
        }
        return nextTurns(after: sequence)
    }

    private func nextTurns(after sequence: UInt8) -> [UInt8] {
        var writer = PacketWriter(sequence: sequence &+ 1)
        while let turn = turns.popFirst() {
            switch turn {
            case .says(let payload):
                writer.append(payload)
                isLoggedIn = isLoggedIn || turns.isEmpty && payload.first == 0
            case .asks(let payload):
                writer.append(payload)
                joiner.expectedSequence = writer.sequence
                return writer.take()
            }
        }
        expectCommand()
        if !isLoggedIn {
            let refusal = writer.take()
            stream.send(refusal.span)
            end(isReset: false)
        }
        return writer.take()
    }

    private func expectCommand() {
        stage = .command
        joiner.expectedSequence = 0
    }

    private func commandAnswer(to payload: [UInt8], _ sequence: UInt8) -> [UInt8]? {
        joiner.expectedSequence = 0
        takeNote(of: payload)
        switch Command(rawValue: payload.first ?? 0) {
        case .quit:
            end(isReset: false)
            return nil
        case .changeUser:
            guard let request = try? ChangeUserRequest(decoding: payload.span, capabilities: capabilities) else {
                violated("a backend can't read a COM_CHANGE_USER")
                return nil
            }
            user = request.user
            schema = request.schema
            occupant = ""
            stage = .login
            turns = dialogue.login(user)[...]
            return nextTurns(after: sequence)
        case .query where payload.dropFirst().starts(with: FakeDialogue.fileQuery):
            stage = .file(of: payload)
            file = []
            joiner.expectedSequence = sequence &+ 2
            return dialogue.fileRequest(for: payload, of: user, after: sequence)
        default:
            return dialogue.answer(to: payload, of: user, after: sequence, capabilities)
        }
    }

    /// What one client leaves behind must be reset before another one comes, and each must be in its own schema.
    private func takeNote(of payload: [UInt8]) {
        switch Command(rawValue: payload.first ?? 0) {
        case .resetConnection: occupant = ""
        case .initDB: schema = String(decoding: payload.dropFirst(), as: UTF8.self)
        case .query, .prepare: checkSignature(in: payload)
        default: break
        }
    }

    private func checkSignature(in payload: [UInt8]) {
        let words = payload.dropFirst().prefix(80).split(separator: 0x20).prefix(3)
        let texts = words.map { String(decoding: $0, as: UTF8.self) }
        guard let signature = texts.first(where: { $0.hasPrefix(FakeDialogue.signature) }) else { return }
        let parts = signature.dropFirst(FakeDialogue.signature.count).split(
            separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2 else { return }
        if !occupant.isEmpty, occupant != parts[0] { violated("\(parts[0]) sees the state that \(occupant) has left") }
        if schema != parts[1] { violated("\(parts[0]) is in schema '\(schema)', not in '\(parts[1])'") }
        occupant = String(parts[0])
    }

    // MARK: Failing

    private func say(_ answer: [UInt8], after sequence: UInt8) {
        switch failure {
        case .none, .mute, .refusal: stream.send(answer.span)
        case .silence(let count):
            if packets <= count { stream.send(answer.span) }
        case .chatter(let count):
            stream.send((packets == count ? answer + [7, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0] : answer).span)
        case .nonsense(let count):
            guard packets > count else { return stream.send(answer.span) }
            stream.send([1, 0, 0, sequence &+ 77, 0].span)
        case .death(let count, let isReset, let isMidAnswer):
            guard packets > count else { return stream.send(answer.span) }
            if isMidAnswer, !answer.isEmpty {
                stream.send(answer.span.extracting(0..<loop.random.below(answer.count)))
            }
            end(isReset: isReset)
        }
    }

    private func end(isReset: Bool) {
        stage = .ended
        isReset ? stream.reset() : stream.closeAfterSending(lingering: .seconds(60))
    }
}
