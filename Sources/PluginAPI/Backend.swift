import Locking
public import Pooling
public import Synchronization

/// A MySQL or MariaDB server that sessions can be connected to, with what the process knows of it.
///
/// All loops share it; every mutable part is atomic or behind a lock.
public final class Backend: Sendable {
    /// What a backend is used for.
    public enum Role: UInt8, Sendable {
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
    /// What it is used for.
    public let role: Role

    private let health = Atomic<State>(.unknown)
    private let clients = Atomic<Int>(0)
    private let idle = Atomic<Int>(0)
    private let mostIdle = Atomic<Int>(0)
    private let fewestIdle = Atomic<Int>(0)
    private let identity = Lock<String?>(nil)

    /// A backend of which nothing is known yet.
    public init(endpoint: Endpoint, role: Role) {
        self.endpoint = endpoint
        self.role = role
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

/// The backends of the process, in the order of their options: read/write ones first.
public final class BackendSet: Sendable {
    private let list = Lock<[Backend]>([])

    /// An empty set.
    public init() {}

    /// The backends at this moment.
    public var all: [Backend] { list.withLock { $0 } }

    /// Adds a backend.
    ///
    /// - Throws: ``DuplicateBackend`` where the endpoint is in the set already.
    public func add(_ endpoint: Endpoint, role: Backend.Role) throws(DuplicateBackend) {
        let isNew = list.withLock { list in
            guard !list.contains(where: { $0.endpoint == endpoint }) else { return false }
            list.append(Backend(endpoint: endpoint, role: role))
            return true
        }
        guard isNew else { throw DuplicateBackend(endpoint: endpoint) }
    }
}

/// The same backend was given twice.
public struct DuplicateBackend: Error, CustomStringConvertible {
    /// The endpoint that is there already.
    public let endpoint: Endpoint

    /// The whole message.
    public var description: String {
        "backend \(endpoint) is given twice; name each server once, as read/write or as read-only"
    }
}
