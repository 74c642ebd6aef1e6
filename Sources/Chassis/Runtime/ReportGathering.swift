import Locking
import PluginAPI
import Pooling

/// The reports that one SIGUSR1 asks for: they come from any thread, and become one line of the log.
final class ReportGathering: Sendable {
    /// How long a plugin may take.
    static let patience = TimeSpan.seconds(2)

    private enum Answer {
        case awaited
        case nothing
        case report(String)

        var isAwaited: Bool {
            if case .awaited = self { true } else { false }
        }
    }

    private struct State {
        var answers: [Answer]
        var isLogged = false
    }

    private let names: [String]
    private let patience: TimeSpan
    private let log: @Sendable (LogLevel, String) -> Void
    private let state: Lock<State>

    /// Awaits the plugins of these names; where there are none, that is logged at once.
    init(
        of names: [String], patience: TimeSpan = ReportGathering.patience,
        log: @escaping @Sendable (LogLevel, String) -> Void
    ) {
        self.names = names
        self.patience = patience
        self.log = log
        state = Lock(State(answers: Array(repeating: .awaited, count: names.count)))
        logOnce(isLate: false)
    }

    /// The plugin has told its report, or that it has none; what it says later is ignored.
    func told(_ text: String?, by plugin: Int) {
        state.withLock { state in
            guard state.answers[plugin].isAwaited else { return }
            state.answers[plugin] = text.map { .report($0) } ?? .nothing
        }
        logOnce(isLate: false)
    }

    /// The time is over: who has told nothing is left out.
    func expired() {
        logOnce(isLate: true)
    }

    private func logOnce(isLate: Bool) {
        let answers: [Answer]? = state.withLock { state in
            guard !state.isLogged, isLate || !state.answers.contains(where: \.isAwaited) else { return nil }
            state.isLogged = true
            return state.answers
        }
        if let answers { write(answers) }
    }

    private func write(_ answers: [Answer]) {
        var late: [String] = []
        var members: [String] = []
        for (name, answer) in zip(names, answers) {
            switch answer {
            case .awaited: late.append(name)
            case .nothing: break
            case .report(let text): members.append("\"\(name)\":\(text)")
            }
        }
        if !late.isEmpty {
            log(.warning, "SIGUSR1: no report within \(patience.seconds) s from \(late.joined(separator: ", "))")
        }
        if !members.isEmpty {
            log(.message, "{\(members.joined(separator: ","))}")
        } else if late.isEmpty {
            log(.message, "SIGUSR1: no plugin has a report")
        }
    }
}
