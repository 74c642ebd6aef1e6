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
    private var entrances: [String: Entrance] = [:]
    /// Whether sessions keep their login once it has succeeded, since some hook may look at it.
    let keepsLogins: Bool
    /// Whether hooks have a say in what a session does.
    let asksHooks: Bool
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
        let quiet: PhaseSet = [PhaseSet(.connect), PhaseSet(.disconnect)]
        asksHooks = !chains.subscribed.isSubset(of: quiet)
        keepsLogins = !chains.subscribed.isSubset(of: quiet.union(PhaseSet(.statement)))
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
    ///
    /// - Parameter address: where the client came in; nil where the stream has to be asked.
    package func makeConnection(
        for stream: ByteStream, at address: String? = nil, timeouts: ProxyTimeouts
    ) -> ProxyConnection {
        counters.created &+= 1
        let entrance = entrance(at: address ?? stream.localAddress, timeouts)
        return connections.insert { slot, generation in
            let session = ProxySession(id: makeID(), slot: slot, generation: generation, entrance: entrance)
            return ProxyConnection(session: session, context: self)
        }
    }

    /// What is common to the clients that came in there.
    private func entrance(at address: String, _ timeouts: ProxyTimeouts) -> Entrance {
        if let entrance = entrances[address], entrance.timeouts == timeouts { return entrance }
        // A machine may have any number of addresses.
        if entrances.count >= Self.mostEntrances { entrances = [:] }
        let entrance = Entrance(address: address, timeouts: timeouts)
        entrances[address] = entrance
        return entrance
    }

    private static let mostEntrances = 256

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
