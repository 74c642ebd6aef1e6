import MySQLWire
import PluginAPI
import TestSupport

/// Parks, takes and reuses backend connections by chance, in every hook that may.
final class Parker: ConnectHook, AuthResultHook, QueryHook, ResultHook, DisconnectHook {
    private let loop: SimulatedLoop
    private let backends: BackendSet
    /// Whether it sends queries on by itself, and some of its own behind them.
    private let injects: Bool

    private enum Step: Int {
        case client = 100
        case own
    }

    init(loop: SimulatedLoop, backends: BackendSet, injects: Bool) {
        self.loop = loop
        self.backends = backends
        self.injects = injects
    }

    func connect(_ session: Session) -> ConnectVerdict {
        guard session.failedConnects == 0, loop.random.oneIn(2), let backend = anyBackend else { return .next }
        return .reuse(backend)
    }

    func authResult(_ packet: Span<UInt8>, in session: Session) -> AuthResultVerdict {
        if loop.random.oneIn(2) { try? session.parkBackend() }
        return .next
    }

    func query(_ command: borrowing CommandView, in session: Session) -> QueryVerdict {
        switch loop.random.below(6) {
        case 0: try? session.parkBackend()
        case 1, 2:
            try? session.parkBackend()
            take(for: session)
        default: if session.backend == nil { take(for: session) }
        }
        guard injects, command.command == .query, loop.random.oneIn(3) else { return .next }
        let payload = command.payload()
        guard !payload.dropFirst().starts(with: FakeDialogue.fileQuery) else { return .next }
        return .inject([Injection(id: Step.client.rawValue, payload: payload, needsResult: loop.random.oneIn(2))])
    }

    func result(_ result: borrowing ResultView, in session: Session) -> ResultVerdict {
        switch loop.random.below(4) {
        case 0: try? session.parkBackend()
        case 1: take(for: session)
        default: break
        }
        guard result.id == Step.client.rawValue else { return .drop }
        guard loop.random.oneIn(2) else { return .next }
        let own = [Command.query.rawValue] + Array("SET @own = 1".utf8)
        return .injectMore([Injection(id: Step.own.rawValue, payload: own, needsResult: true)], forward: true)
    }

    func disconnect(_ session: Session) {
        if !loop.random.oneIn(3) { try? session.parkBackend() }
    }

    private func take(for session: Session) {
        guard let backend = anyBackend else { return }
        _ = try? session.takeBackend(backend)
    }

    private var anyBackend: Backend? {
        let all = backends.all
        return all.isEmpty ? nil : all[loop.random.below(all.count)]
    }
}
