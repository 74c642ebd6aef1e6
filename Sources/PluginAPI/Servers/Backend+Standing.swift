import Locking
public import Pooling
import Synchronization

// What the administrator wants of the server, and what is known of its use.

extension Backend {
    /// The best status of the rows that name it: ONLINE before OFFLINE_SOFT before OFFLINE_HARD; OFFLINE_SOFT for one that
    /// no row names any more.
    public package(set) var standing: ServerStatus {
        get { allowance.load(ordering: .relaxed) }
        set { allowance.store(newValue, ordering: .relaxed) }
    }

    /// Whether no row names it any more; it keeps its place, and takes it again when a row does.
    public package(set) var isRemoved: Bool {
        get { absence.load(ordering: .relaxed) }
        set { absence.store(newValue, ordering: .relaxed) }
    }

    /// Whether statements that would go there wait until it is resumed.
    public package(set) var isPaused: Bool {
        get { pause.load(ordering: .relaxed) }
        set { pause.store(newValue, ordering: .relaxed) }
    }

    /// The most connections at any moment, the largest of the rows that name it; nil for the usual number.
    public package(set) var maxConnections: Int? {
        get {
            let number = limit.load(ordering: .relaxed)
            return number < 0 ? nil : number
        }
        set { limit.store(newValue ?? -1, ordering: .relaxed) }
    }

    /// Whether it is expected to answer now: not known to be down, and not paused.
    public var isReady: Bool { state != .down && !isPaused }

    /// From the last connect to the greeting; zero where nobody has measured it.
    public var latency: TimeSpan {
        get { TimeSpan(nanoseconds: answerTime.load(ordering: .relaxed)) }
        set { answerTime.store(newValue.nanoseconds, ordering: .relaxed) }
    }

    /// What its connections do at this moment; what sessions are connected to it where nobody pools them.
    public var usage: ServerUsage {
        if let measure = meter.withLock({ $0 }) { return measure() }
        return ServerUsage(busy: connectedClients, free: idleConnections)
    }

    /// Has ``usage`` told by whoever pools the connections; called on any thread.
    public func setMeter(_ measure: @escaping @Sendable () -> ServerUsage) {
        meter.withLock { $0 = measure }
    }
}

/// What a server's connections do at one moment.
public struct ServerUsage: Equatable, Sendable {
    /// Connections that sessions have.
    public var busy: Int
    /// Of these, those that sessions keep between statements.
    public var pinned: Int
    /// Connections that rest.
    public var free: Int
    /// Statements that wait for a connection.
    public var waiting: Int

    /// The given numbers.
    public init(busy: Int, pinned: Int = 0, free: Int, waiting: Int = 0) {
        self.busy = busy
        self.pinned = pinned
        self.free = free
        self.waiting = waiting
    }
}
