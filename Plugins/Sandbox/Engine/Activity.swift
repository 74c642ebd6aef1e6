import Locking
import Synchronization

/// What goes on in the sandbox as a whole: COM_STATISTICS, SHOW STATUS and SHOW PROCESSLIST tell it.
final class Activity: Sendable {
    private let start = ContinuousClock.now
    private let questions = Atomic<Int>(0)
    private let sessions = Lock(Sessions())

    private struct Sessions {
        var open: [UInt32: SessionState] = [:]
        var total = 0
        var most = 0
    }

    func sessionBegan(_ state: SessionState) {
        sessions.withLock { sessions in
            sessions.open[state.id] = state
            sessions.total += 1
            sessions.most = max(sessions.most, sessions.open.count)
        }
    }

    func sessionEnded(_ state: SessionState) {
        sessions.withLock { $0.open[state.id] = nil }
    }

    func questionCame() { questions.add(1, ordering: .relaxed) }

    /// Seconds since the sandbox was made.
    var uptime: Int64 { start.duration(to: .now).components.seconds }

    /// The line that COM_STATISTICS brings.
    var line: String {
        let (uptime, asked) = (uptime, questions.load(ordering: .relaxed))
        let open = sessions.withLock { $0.open.count }
        let thousandths = uptime > 0 ? Int64(asked) * 1000 / uptime : 0
        let fraction = String(1000 + thousandths % 1000).dropFirst()
        return "Uptime: \(uptime)  Threads: \(open)  Questions: \(asked)  "
            + "Queries per second avg: \(thousandths / 1000).\(fraction)"
    }

    /// The rows of SHOW STATUS, sorted by name.
    var status: [[String]] {
        let (open, total, most) = sessions.withLock { ($0.open.count, $0.total, $0.most) }
        return [
            ["Connections", String(total)],
            ["Max_used_connections", String(most)],
            ["Questions", String(questions.load(ordering: .relaxed))],
            ["Threads_connected", String(open)],
            ["Threads_running", String(states.count { $0.with { $0.query != nil } })],
            ["Uptime", String(uptime)],
        ]
    }

    /// The rows of SHOW PROCESSLIST, sorted by id.
    var processes: [[String]] { states.map { $0.process } }

    private var states: [SessionState] {
        sessions.withLock { $0.open.values.sorted { $0.id < $1.id } }
    }
}

extension SessionState {
    /// The session's row of SHOW PROCESSLIST.
    fileprivate var process: [String] {
        let values = with { $0 }
        return [
            String(id), values.user, host, SandboxStorage.schema, values.query == nil ? "Sleep" : "Query",
            String(values.since.duration(to: .now).components.seconds), values.query == nil ? "" : "executing",
            values.query ?? "",
        ]
    }
}
