import EventLoop
import MySQLWire
import PluginAPI
import Pooling
import ProxyCore
import TestSupport

@testable import Chassis

/// Asked about every statement, and told of every answer.
final class Ruler: StatementHook, AnswerHook {
    /// What it says to a query of that text.
    var rule: (String, Session) -> StatementVerdict = { _, _ in .next }
    /// The texts that it was asked about, injected ones in brackets.
    private(set) var asked: [String] = []
    private(set) var told: [AnswerView] = []
    var onTold: (AnswerView, Session) -> Void = { _, _ in }

    func statement(_ command: borrowing CommandView, in session: Session) -> StatementVerdict {
        let text = command.withPayload { payload in
            payload.withUnsafeBufferPointer { String(decoding: $0.dropFirst().prefix(60), as: UTF8.self) }
        }
        asked.append(command.isInjected ? "[\(text)]" : text)
        return rule(text, session)
    }

    func answered(_ answer: AnswerView, in session: Session) {
        told.append(answer)
        onTold(answer, session)
    }

    /// What it was told, a line each: origin, whether the answer was complete, rows or error code, bytes.
    var lines: [String] {
        told.map { answer in
            let what = answer.summary.isError ? "error \(answer.summary.errorCode)" : "\(answer.summary.rows) rows"
            return
                "\(answer.isInjected ? "injected, " : "")\(answer.origin)\(answer.isComplete ? "" : " (part)"): \(what)"
        }
    }
}

/// Chooses the server, and injects queries as a script does.
final class Scripter: ConnectHook, QueryHook, ResultHook {
    let loop: SimulatedLoop
    let backend: Backend
    let isLocal: Bool
    private(set) var inside: [InsideServer] = []
    var query: (String) -> QueryVerdict = { _ in .next }
    var result: (Int, [UInt8], ResultSummary) -> ResultVerdict = { _, _, _ in .next }

    init(loop: SimulatedLoop, backend: Backend, isLocal: Bool) {
        (self.loop, self.backend, self.isLocal) = (loop, backend, isLocal)
    }

    func connect(_ session: Session) -> ConnectVerdict {
        guard isLocal else { return .backend(backend) }
        let server = InsideServer(session, loop: loop)
        inside.append(server)
        return .serve(server)
    }

    func query(_ command: borrowing CommandView, in session: Session) -> QueryVerdict {
        query(String(decoding: command.payload().dropFirst().prefix(60), as: UTF8.self))
    }

    func result(_ result: borrowing ResultView, in session: Session) -> ResultVerdict {
        let packets = result.packets.withUnsafeBufferPointer { Array($0) }
        return self.result(result.id, packets, result.summary)
    }
}

/// Chooses the server, and nothing else.
final class Chooser: ConnectHook {
    private let scripter: Scripter

    init(_ scripter: Scripter) { self.scripter = scripter }

    func connect(_ session: Session) -> ConnectVerdict { scripter.connect(session) }
}

/// The production proxy between clients and a scripted server, with a ruler in it.
final class StatementRig {
    static let proxy = Endpoint.tcp(host: "proxy", port: 4040)
    static let database = Endpoint.tcp(host: "db", port: 3306)

    let loop = SimulatedLoop(seed: 11)
    let ruler = Ruler()
    let scripter: Scripter
    private(set) var remotes: [RemoteServer] = []
    private(set) var causes: [EndCause] = []
    private(set) var context: SessionContext!

    /// - Parameters:
    ///   - isLocal: whether the server is one inside the process.
    ///   - isScripted: whether a plugin has query hooks, too.
    init(isLocal: Bool = false, isScripted: Bool = false, others: [any PluginWorker] = []) {
        let backend = Backend(endpoint: Self.database, role: .readWrite)
        scripter = Scripter(loop: loop, backend: backend, isLocal: isLocal)
        let first: any PluginWorker = isScripted ? scripter : Chooser(scripter)
        var sessions: UInt64 = 0
        context = SessionContext(
            loop: loop, workers: [first, ruler] + others,
            makeID: {
                sessions += 1
                return sessions
            }, log: { _, _ in })
        context.onEnded = { [unowned self] in causes.append($0) }
        loop.listen(on: Self.database) { [unowned self] stream in
            let server = RemoteServer(stream, loop: loop)
            remotes.append(server)
            stream.handler = server
            server.script.begin()
            return server
        }
        loop.listen(on: Self.proxy) { [unowned self] stream in
            context.accept(stream, timeouts: .simulated())
        }
    }

    /// The texts of the commands that have come to the server.
    var texts: [String] { scripter.isLocal ? scripter.inside[0].script.texts : remotes[0].script.texts }

    /// The payloads of the commands that have come to the server.
    var commands: [[UInt8]] {
        scripter.isLocal ? scripter.inside[0].script.commands : remotes[0].script.commands
    }

    /// A client that is logged in.
    func client() -> RigClient {
        let client = RigClient(loop: loop)
        client.begin()
        settle { client.isReady }
        return client
    }

    /// Lets time go by until the condition holds, or nothing is to be done, at most for that long.
    func settle(_ seconds: Double = 300, until isDone: () -> Bool = { false }) {
        loop.settle(.seconds(seconds), until: isDone)
    }

    /// The answer to a query, as it came.
    func ask(_ client: RigClient, _ text: String) -> [UInt8] { ask(client, Command.query.payload(text: text)) }

    /// The answer to a command, as it came.
    func ask(_ client: RigClient, _ payload: [UInt8]) -> [UInt8] {
        client.send(payload)
        settle { client.isReady || client.isEnded }
        return client.takeAnswer()
    }
}

/// A client that logs in and asks one thing after the other.
final class RigClient: StreamHandler {
    private let loop: SimulatedLoop
    private var stream: ByteStream?
    private var login: PacketJoiner? = PacketJoiner(expectedSequence: 0)
    private var scanner = ResultScanner(capabilities: ScriptedServer.capabilities)
    private var got: [UInt8] = []
    private var scanned = 0
    private(set) var isReady = false
    private(set) var isEnded = false
    /// What it sends where a server asks for a file.
    var file: [[UInt8]] = []
    /// When the last answer was complete.
    private(set) var answeredAt = MonotonicTime(nanoseconds: 0)

    init(loop: SimulatedLoop) { self.loop = loop }

    func begin() { stream = loop.connect(to: StatementRig.proxy, timeout: .seconds(5), handler: self, tag: 0) }

    func send(_ payload: [UInt8]) {
        let command = Command(rawValue: payload[0])
        var writer = PacketWriter()
        writer.append(payload)
        let last = writer.sequence &- 1
        if !command.hasNoAnswer {
            isReady = false
            scanner.commandSent(command, lastSequence: last)
        }
        stream?.send(writer.take().span)
    }

    func close() {
        stream?.close()
        isEnded = true
    }

    func takeAnswer() -> [UInt8] {
        defer { (got, scanned) = ([], 0) }
        return got
    }

    override func ended(_ stream: ByteStream, _ reason: EndReason) { isEnded = true }

    override func received(_ bytes: Span<UInt8>, on stream: ByteStream) -> Int {
        if login != nil { return loginReceived(bytes) }
        bytes.withUnsafeBufferPointer { got.append(contentsOf: $0) }
        while true {
            let step = scanner.received(got.span.extracting(scanned...))
            scanned += step.consumed
            switch step.event {
            case .ended:
                isReady = true
                answeredAt = loop.now
            case .localInfile:
                sendFile()
                continue
            case .more, .authContinues, .endless, .violation: break
            }
            return bytes.count
        }
    }

    private func sendFile() {
        var writer = PacketWriter(sequence: scanner.sequence)
        for piece in file { writer.append(piece) }
        writer.append([UInt8]())
        scanner.clientAnswered(lastSequence: writer.sequence &- 1)
        stream?.send(writer.take().span)
    }

    private func loginReceived(_ bytes: Span<UInt8>) -> Int {
        var offset = 0
        while login != nil, let packet = try? login?.next(in: bytes, from: &offset) {
            guard packet.sequence == 0 else {
                login = nil
                isReady = packet.payload.first == 0
                continue
            }
            let request = LoginRequest(
                capabilities: ScriptedServer.capabilities, collation: 45, user: "rig",
                authResponse: [UInt8](repeating: 1, count: 20), schema: "test", authMethod: "mysql_native_password")
            var writer = PacketWriter(sequence: 1)
            writer.append(request.encode())
            stream?.send(writer.take().span)
            login?.expectedSequence = 2
        }
        return offset
    }
}
