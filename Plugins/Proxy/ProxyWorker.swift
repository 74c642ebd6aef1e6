import MySQLWire
import PluginAPI
import Pooling
import ProxyCore

/// The proxy plugin on one loop: chooses backends; on loop 0 it also watches the failed ones.
final class ProxyWorker: ConnectHook, DisconnectHook {
    private let host: any PluginHost
    private let readOnlyFallback: Bool
    private unowned let loop: any LoopContext
    private let chooser: ServerChooser
    /// Sessions that wait for a paused server.
    private var held: [ObjectIdentifier: Session] = [:]
    private var monitor: BackendMonitor?

    /// Longer than anybody pauses a server; nobody is refused for having waited before.
    private static let longestPause = TimeSpan.seconds(86_400)

    init(host: any PluginHost, readOnlyFallback: Bool, loop: any LoopContext) {
        self.host = host
        self.readOnlyFallback = readOnlyFallback
        self.loop = loop
        chooser = ServerChooser(host.backends)
        if !host.servesSessions { observeServers(by: loop.mailbox) }
        guard loop.index == 0 else { return }
        monitor = BackendMonitor(host: host, loop: loop)
        monitor?.begin()
    }

    func connect(_ session: Session) -> ConnectVerdict {
        guard !host.servesSessions else { return .next }
        held[ObjectIdentifier(session)] = nil
        let hostgroups = hostgroups(for: session)
        // Every failed connect marks its backend; the bound only matters when one is taken back and fails meanwhile.
        if session.failedConnects <= host.backends.all.count {
            for hostgroup in hostgroups {
                if let backend = chooser.choose(in: hostgroup, load: Self.load) { return .backend(backend) }
            }
            if hostgroups.contains(where: isPaused) {
                held[ObjectIdentifier(session)] = session
                return .hold(until: loop.now + Self.longestPause)
            }
        }
        return .refuse(refusal(hostgroups))
    }

    func disconnect(_ session: Session) {
        held[ObjectIdentifier(session)] = nil
    }

    /// The hostgroups whose servers the session may have, the first that has one wins.
    private func hostgroups(for session: Session) -> [Int] {
        if let hostgroup = session.hostgroup { return [hostgroup] }
        return readOnlyFallback
            ? [ServerRow.readWriteHostgroup, ServerRow.readOnlyHostgroup] : [ServerRow.readWriteHostgroup]
    }

    /// One server's clients; nil where it has as many connections as its rows allow.
    private static func load(_ backend: Backend) -> Int? {
        let clients = backend.connectedClients
        return clients < backend.maxConnections ?? .max ? clients : nil
    }

    private func isPaused(_ hostgroup: Int) -> Bool {
        chooser.current[hostgroup].contains { $0.row.takesStatements && $0.backend.isPaused }
    }

    private func refusal(_ hostgroups: [Int]) -> SQLError {
        let reasons = hostgroups.map { chooser.current.obstacle(in: $0) }
        return SQLError(
            code: 1105, state: "08S01",
            message: "(proxy) all backends are down or not to be used: " + reasons.joined(separator: "; "))
    }

    // MARK: Changes

    /// Carries the worker to the closure that runs on its own loop.
    ///
    /// Invariant of the unchecked sendability: the worker is touched on its loop's thread only.
    private struct Place: @unchecked Sendable {
        weak var worker: ProxyWorker?
    }

    private func observeServers(by mailbox: any LoopMailbox) {
        let place = Place(worker: self)
        host.backends.observe { mailbox.post { place.worker?.serversChanged() } }
    }

    /// Whoever waits for a paused server may find one now.
    private func serversChanged() {
        let waiting = held.values
        held = [:]
        for session in waiting { session.resume() }
    }
}
