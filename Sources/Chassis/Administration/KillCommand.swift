import PluginAPI

/// `KILL [CONNECTION] id` and `KILL QUERY id` of the admin port, for proxied sessions.
struct KillCommand: Sendable {
    let loops: LoopRoster
    let host: HostServices

    var offer: AdministrativeCommand {
        AdministrativeCommand("KILL", summary: "KILL [CONNECTION | QUERY] id: ends a session, or its statement only") {
            text throws(CommandFault) in
            try kill(text)
        }
    }

    private func kill(_ text: String) throws(CommandFault) -> CommandOutcome {
        let (id, onlyStatement) = try Self.order(text)
        let outcomes = loops.ask { $0.kill(id, onlyStatement: onlyStatement) }
        for outcome in outcomes {
            switch outcome {
            case .unknownID: continue
            case .impossible:
                throw CommandFault(
                    "session \(id) has its server connection for itself, and its statement can't be ended alone "
                        + "(plugin funnel can); KILL \(id) ends the session")
            case .done:
                let what = onlyStatement ? "the statement of session \(id)" : "session \(id)"
                host.log(.message, "an administrator has killed \(what)")
                return .done(affected: 0, info: "")
            }
        }
        throw CommandFault("Unknown thread id: \(id)", code: 1094)
    }

    private static func order(_ text: String) throws(CommandFault) -> (id: UInt64, onlyStatement: Bool) {
        var words = text.split { $0 == " " || $0 == "\t" || $0 == "\n" }.map { $0.uppercased() }
        var onlyStatement = false
        if words.count == 2, let kind = words.first, kind == "QUERY" || kind == "CONNECTION" {
            onlyStatement = kind == "QUERY"
            words.removeFirst()
        }
        guard words.count == 1, let id = words.first.flatMap({ UInt64($0) }) else {
            throw CommandFault("KILL takes a session's id: KILL 5 or KILL QUERY 5", code: 1064)
        }
        return (id, onlyStatement)
    }
}
