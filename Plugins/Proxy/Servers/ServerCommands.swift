import PluginAPI
import Pooling

/// `PAUSE`, `RESUME` and `DRAIN` of the admin port.
struct ServerCommands: Sendable {
    private let host: any PluginHost

    init(host: any PluginHost) {
        self.host = host
    }

    var all: [AdministrativeCommand] {
        [
            AdministrativeCommand(
                "PAUSE", summary: "PAUSE [host:port]: new statements for the server, or for all, wait until RESUME"
            ) { text throws(CommandFault) in
                try pause(text)
            },
            AdministrativeCommand(
                "RESUME", summary: "RESUME [host:port]: ends PAUSE and DRAIN; its rows are ONLINE in runtime again"
            ) { text throws(CommandFault) in
                try resume(text)
            },
            AdministrativeCommand(
                "DRAIN",
                summary: "DRAIN host:port: OFFLINE_SOFT in runtime, with what is left; again for the progress"
            ) { text throws(CommandFault) in
                try drain(text)
            },
        ]
    }

    private func pause(_ text: String) throws(CommandFault) -> CommandOutcome {
        let backends = try backends(text)
        for backend in backends where !backend.isPaused {
            host.log(.message, "backend \(backend.endpoint) is paused: new statements wait")
            host.backends.pause(backend, true)
        }
        return .done(affected: backends.count, info: "paused: \(names(backends))")
    }

    private func resume(_ text: String) throws(CommandFault) -> CommandOutcome {
        let backends = try backends(text)
        let endpoints = Set(backends.map(\.endpoint))
        host.backends.change { rows in
            for index in rows.indices where endpoints.contains(rows[index].endpoint) {
                if rows[index].status == .offlineSoft { rows[index].status = .online }
            }
        }
        for backend in backends where backend.isPaused { host.backends.pause(backend, false) }
        host.log(.message, "in use again: \(names(backends))")
        return .done(affected: backends.count, info: "in use again: \(names(backends))")
    }

    private func drain(_ text: String) throws(CommandFault) -> CommandOutcome {
        guard !text.isEmpty else { throw CommandFault("DRAIN wants a server: DRAIN host:port; \(known)") }
        let backends = try backends(text)
        let endpoints = Set(backends.map(\.endpoint))
        let isNew = host.backends.change { rows in
            let drained = rows.indices.filter { endpoints.contains(rows[$0].endpoint) && rows[$0].status == .online }
            for index in drained { rows[index].status = .offlineSoft }
            return !drained.isEmpty
        }
        if isNew { host.log(.message, "drained from now on: \(names(backends))") }
        return .rows(columns: Self.columns, backends.map(Self.progress))
    }

    private static let columns = ["hostname", "port", "status", "busy", "pinned", "free", "waiting", "progress"]

    private static func progress(_ backend: Backend) -> [Cell] {
        let (name, port) = ServersTable.hostAndPort(of: backend.endpoint)
        let usage = backend.usage
        let pinned = usage.pinned > 0 ? ", \(usage.pinned) of them held by sessions" : ""
        let progress = usage.busy == 0 ? "drained" : "\(usage.busy) connections in use\(pinned)"
        return [
            .text(name), Cell(port), .text("\(backend.standing)"), Cell(usage.busy), Cell(usage.pinned),
            Cell(usage.free), Cell(usage.waiting), .text(progress),
        ]
    }

    // MARK: Names

    /// The server that the text names, perhaps in quotes; all where it names none.
    private func backends(_ text: String) throws(CommandFault) -> [Backend] {
        let all = host.backends.all.filter { !$0.isRemoved }
        let name = text.trimming { "'\"`; ".contains($0) }
        guard !name.isEmpty else {
            guard !all.isEmpty else { throw CommandFault("no server is configured") }
            return all
        }
        guard let endpoint = try? Endpoint(parsing: String(name)) else {
            throw CommandFault("'\(name)' is no server: give host:port or a socket's path; \(known)")
        }
        guard let backend = host.backends[endpoint], !backend.isRemoved else {
            throw CommandFault("no server \(endpoint) is configured; \(known)")
        }
        return [backend]
    }

    private var known: String {
        "there are: \(names(host.backends.all.filter { !$0.isRemoved }))"
    }

    private func names(_ backends: [Backend]) -> String {
        backends.map { "\($0.endpoint)" }.joined(separator: ", ")
    }
}

extension String {
    /// The text without such characters at its ends.
    fileprivate func trimming(_ isLeftOut: (Character) -> Bool) -> Substring {
        let head = drop(while: isLeftOut)
        return head[..<(head.lastIndex { !isLeftOut($0) }.map { head.index(after: $0) } ?? head.startIndex)]
    }
}
