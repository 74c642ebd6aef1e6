package import EventLoop
package import PluginAPI
package import ProxyCore

/// What the connections of one loop share; the simulator makes its own.
package final class SessionContext {
    /// The loop on which all of it runs.
    package let loop: EventLoop
    let chains: HookChains
    let log: @Sendable (LogLevel, () -> String) -> Void
    /// The backend connections that no session uses.
    package let parked: ParkedConnections
    /// What this loop's sessions have done.
    var counters = SessionCounters()
    private var connections = SessionTable<ProxyConnection>()
    private let makeID: () -> UInt64
    /// Shared by all loops of the process.
    let shortages: ShortageWarning

    /// Told when a connection has ended and how; for counters and the drain.
    package var onEnded: ((EndCause) -> Void)?

    /// - Parameter makeID: gives every session of the process a number of its own.
    package init(
        loop: EventLoop, workers: [any PluginWorker], makeID: @escaping () -> UInt64,
        shortages: ShortageWarning? = nil, log: @escaping @Sendable (LogLevel, () -> String) -> Void
    ) {
        self.loop = loop
        self.shortages = shortages ?? ShortageWarning(log: log)
        chains = HookChains(workers: workers)
        self.makeID = makeID
        self.log = log
        parked = ParkedConnections(loop: loop, log: log)
    }

    /// How many connections are open.
    package var count: Int { connections.count }

    /// The open connections.
    package var all: [ProxyConnection] { connections.all }

    /// Some of the open connections, from a place in the table on; with where to go on, nil at the end.
    func some(from first: Int, atMost count: Int) -> (found: [ProxyConnection], next: Int?) {
        connections.some(from: first, atMost: count)
    }

    /// Makes the connection of an accepted stream; ``ProxyConnection/begin(client:)`` follows once the stream has its handler.
    package func makeConnection(for stream: ByteStream, timeouts: ProxyTimeouts) -> ProxyConnection {
        counters.created &+= 1
        return connections.insert { slot, generation in
            let listener = stream.localAddress
            let peer = stream.peerAddress
            // The client's end of a unix socket has no name: the socket's path says where it came in.
            let session = ProxySession(
                id: makeID(), slot: slot, generation: generation, clientAddress: peer.isEmpty ? listener : peer,
                listenerAddress: listener)
            return ProxyConnection(session: session, context: self, timeouts: timeouts)
        }
    }

    /// The process drains: sessions end as soon as nothing is under way in them, parked connections at once.
    package func drain() {
        for connection in all { connection.drain() }
        parked.closeAll()
    }

    /// The process ends now.
    package func endAtOnce() {
        for connection in all { connection.endAtOnce() }
        parked.closeAll()
    }

    /// Takes an ended connection out; it lives on to the end of the loop's turn, since its own code may be running.
    func retire(_ connection: ProxyConnection, _ cause: EndCause) {
        guard let retired = connections.remove(connection.session.slot) else { return }
        loop.schedule(at: loop.now) { withExtendedLifetime(retired) {} }
        if cause.blame == .client, !cause.isOrderly { counters.aborted &+= 1 }
        onEnded?(cause)
    }
}
