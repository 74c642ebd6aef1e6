import Locking
public import Pooling
public import Synchronization

/// A MySQL or MariaDB server that sessions can be connected to, with what the process knows of it.
///
/// All loops share it; every mutable part is atomic or behind a lock.
public final class Backend: Sendable {
    /// What a backend is used for.
    public enum Role: UInt8, Sendable, AtomicRepresentable {
        /// Reads and writes.
        case readWrite
        /// Reads only.
        case readOnly
    }

    /// What is known of a backend's health; the words and numbers of mysql-proxy.
    public enum State: UInt8, Sendable, AtomicRepresentable {
        /// Nothing yet.
        case unknown
        /// The last connect succeeded.
        case up
        /// The last connect failed.
        case down
    }

    /// Where the server listens.
    public let endpoint: Endpoint
    /// Its place in ``BackendSet/all`` and in tables by backend; it never changes.
    public let index: Int

    let use: Atomic<Role>
    let allowance = Atomic<ServerStatus>(.online)
    let absence = Atomic<Bool>(false)
    let pause = Atomic<Bool>(false)
    let limit = Atomic<Int>(-1)
    let answerTime = Atomic<UInt64>(0)
    let meter = Lock<(@Sendable () -> ServerUsage)?>(nil)
    private let health = Atomic<State>(.unknown)
    private let clients = Atomic<Int>(0)
    private let idle = Atomic<Int>(0)
    private let mostIdle = Atomic<Int>(0)
    private let fewestIdle = Atomic<Int>(0)
    private let identity = Lock<String?>(nil)

    /// A backend of which nothing is known yet.
    public init(endpoint: Endpoint, role: Role, index: Int = 0) {
        self.endpoint = endpoint
        self.index = index
        use = Atomic(role)
    }

    /// What it is used for: read-only where hostgroup 1 is the only one that it is in.
    public package(set) var role: Role {
        get { use.load(ordering: .relaxed) }
        set { use.store(newValue, ordering: .relaxed) }
    }

    /// What is known of the backend's health.
    public var state: State {
        get { health.load(ordering: .relaxed) }
        set { health.store(newValue, ordering: .relaxed) }
    }

    /// Sessions that are connected or connecting to the backend, over all loops.
    public var connectedClients: Int { clients.load(ordering: .relaxed) }

    /// Counts a session in.
    public func clientAttached() {
        clients.wrappingAdd(1, ordering: .relaxed)
    }

    /// Counts a session out.
    public func clientDetached() {
        clients.wrappingSubtract(1, ordering: .relaxed)
    }

    /// Connections that are parked, over all loops and users.
    public var idleConnections: Int { idle.load(ordering: .relaxed) }

    /// Counts a connection in that was parked, or out.
    package func countIdle(_ change: Int) {
        idle.wrappingAdd(change, ordering: .relaxed)
    }

    /// The most connections that stay parked, over all loops and users; beyond it a loop closes its oldest one.
    ///
    /// 0, the default, is no limit.
    public var maxIdleConnections: Int {
        get { mostIdle.load(ordering: .relaxed) }
        set { mostIdle.store(max(0, newValue), ordering: .relaxed) }
    }

    /// How many parked connections scripts want to have before they use them; the process itself makes nothing of it.
    public var minIdleConnections: Int {
        get { fewestIdle.load(ordering: .relaxed) }
        set { fewestIdle.store(max(0, newValue), ordering: .relaxed) }
    }

    /// The server's UUID as scripts may set it.
    public var uuid: String? {
        get { identity.withLock { $0 } }
        set { identity.withLock { $0 = newValue } }
    }
}
