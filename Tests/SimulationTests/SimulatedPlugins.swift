import EventLoop
import MySQLWire
import PluginAPI
import Pooling
import ProxyCore
import TestSupport

/// Counts sessions in and out.
final class Census: ConnectHook, DisconnectHook {
    private(set) var connected: Set<UInt64> = []
    private(set) var disconnected: [UInt64: Int] = [:]

    func connect(_ session: Session) -> ConnectVerdict {
        connected.insert(session.id)
        return .next
    }

    func disconnect(_ session: Session) {
        disconnected[session.id, default: 0] += 1
    }
}

/// Holds sessions in every phase that can be held, and mostly resumes them.
final class Holder: ConnectHook, HandshakeHook, AuthHook, AuthResultHook {
    private let loop: SimulatedLoop
    private var asked = PerSession<Set<Phase>>([])

    init(loop: SimulatedLoop) {
        self.loop = loop
    }

    private func holds(_ phase: Phase, _ session: Session) -> MonotonicTime? {
        guard !asked[session].contains(phase), loop.random.oneIn(3) else { return nil }
        asked[session].insert(phase)
        return loop.holdAndResume(session)
    }

    func connect(_ session: Session) -> ConnectVerdict {
        holds(.connect, session).map { .hold(until: $0) } ?? .next
    }

    func handshake(_ packet: Span<UInt8>, in session: Session) -> HandshakeVerdict {
        holds(.handshake, session).map { .hold(until: $0) } ?? .next
    }

    func auth(_ packet: Span<UInt8>, in session: Session) -> AuthVerdict {
        holds(.auth, session).map { .hold(until: $0) } ?? .next
    }

    func authResult(_ packet: Span<UInt8>, in session: Session) -> AuthResultVerdict {
        holds(.authResult, session).map { .hold(until: $0) } ?? .next
    }
}

extension SimulatedLoop {
    /// Resumes the session in a while; the deadline is far behind that.
    func holdAndResume(_ session: Session) -> MonotonicTime {
        schedule(at: now + TimeSpan(nanoseconds: UInt64(random.below(200_000_000)))) { session.resume() }
        return now + .seconds(5)
    }
}

/// Does with a query what its first word says.
final class Meddler: QueryHook, ResultHook {
    /// The words, one for each thing that a hook may do.
    static let verbs = ["SELECT", "INJECT", "KEEP", "ANSWER", "REFUSE", "REWRITE", "REPLACE", "MORE", "HOLD", "QUIET"]

    private enum Step: Int {
        case client = 1
        case own
        case replaced
        case first
        case held
    }

    private let loop: SimulatedLoop
    private var hasHeld = PerSession(false)

    init(loop: SimulatedLoop) {
        self.loop = loop
    }

    /// What the client gets for the query; nil where the server's answer is passed on.
    static func answer(to payload: [UInt8]) -> [[UInt8]]? {
        guard payload.first == Command.query.rawValue else { return nil }
        switch verb(of: payload) {
        case "ANSWER", "REPLACE": return [ok(payload)]
        case "REFUSE": return [refusal.encode()]
        case "QUIET": return [Notice.nothingAnswered.error.encode()]
        default: return nil
        }
    }

    /// What the server gets for the query.
    static func rewritten(_ payload: [UInt8]) -> [UInt8] {
        guard payload.first == Command.query.rawValue, verb(of: payload) == "REWRITE" else { return payload }
        return payload + Array(" /* rewritten */".utf8)
    }

    private static let refusal = SQLError(code: 1227, state: "42000", message: "not here")

    private static func ok(_ payload: [UInt8]) -> [UInt8] {
        OKPacket(affectedRows: FakeDialogue.digest(payload) >> 16).encode(capabilities: FakeDialogue.capabilities)
    }

    private static func verb(of payload: [UInt8]) -> String {
        String(decoding: payload.dropFirst().prefix(12).prefix { $0 != 0x20 }, as: UTF8.self)
    }

    func query(_ command: borrowing CommandView, in session: Session) -> QueryVerdict {
        guard command.command == .query else { return .next }
        let payload = command.payload()
        switch Self.verb(of: payload) {
        case "INJECT": return .inject([own(1, needsResult: true), original(payload), own(2, needsResult: true)])
        case "KEEP": return .inject([original(payload, needsResult: true), own(3)])
        case "ANSWER": return .answer([Self.ok(payload)])
        case "REFUSE": return .refuse(Self.refusal)
        case "REWRITE": return .inject([original(Self.rewritten(payload), needsResult: loop.random.oneIn(2))])
        case "REPLACE": return .inject([Injection(id: Step.replaced.rawValue, payload: payload, needsResult: true)])
        case "MORE": return .inject([Injection(id: Step.first.rawValue, payload: payload, needsResult: true)])
        case "HOLD": return hold(payload, session)
        case "QUIET": return .inject([own(4, needsResult: true), own(5, needsResult: true)])
        default: return .next
        }
    }

    private func hold(_ payload: [UInt8], _ session: Session) -> QueryVerdict {
        hasHeld[session].toggle()
        if hasHeld[session] { return .hold(until: loop.holdAndResume(session)) }
        return .inject([Injection(id: Step.held.rawValue, payload: payload, needsResult: true)])
    }

    private func original(_ payload: [UInt8], needsResult: Bool = false) -> Injection {
        Injection(id: Step.client.rawValue, payload: payload, needsResult: needsResult)
    }

    private func own(_ number: Int, needsResult: Bool = false) -> Injection {
        let payload = [Command.query.rawValue] + Array("SET @own = \(number)".utf8)
        return Injection(id: Step.own.rawValue, payload: payload, needsResult: needsResult)
    }

    func result(_ result: borrowing ResultView, in session: Session) -> ResultVerdict {
        switch Step(rawValue: result.id) {
        case .own: return .drop
        case .replaced: return .replace([Self.ok(result.query)])
        case .first: return .injectMore([original(result.query), own(6, needsResult: true)], forward: false)
        case .held:
            hasHeld[session].toggle()
            return hasHeld[session] ? .hold(until: loop.holdAndResume(session)) : .next
        case .client, nil: return .next
        }
    }
}
