import Locking
public import Pooling
import Synchronization

/// The servers of the process and the hostgroups that they are in; both may change while it runs.
///
/// A server is one ``Backend`` for good, whichever hostgroups it is in: it keeps its place when it is removed, and has it
/// again when it comes back.
public final class BackendSet: Sendable {
    fileprivate struct State: Sendable {
        var list: [Backend] = []
        var places: [Endpoint: Int] = [:]
        var rows: [ServerRow] = []
        var hostgroups = Hostgroups([])
        var observers: [@Sendable () -> Void] = []
    }

    private let state = Lock(State())
    private let changes = Atomic<Int>(0)
    private let usual = Atomic<Int>(1000)

    /// An empty set.
    public init() {}

    /// The servers, removed ones in their places, in the order in which they came: by option read/write ones first.
    public var all: [Backend] { state.withLock { $0.list } }

    /// The hostgroups now; for every statement a ``ServerChooser`` is cheaper.
    public var hostgroups: Hostgroups { state.withLock { $0.hostgroups } }

    /// The hostgroups' rows now, as they were given.
    public var rows: [ServerRow] { state.withLock { $0.rows } }

    /// How often the hostgroups have changed.
    public var version: Int { changes.load(ordering: .acquiring) }

    /// The most connections to a server whose rows don't say.
    public var usualMaxConnections: Int {
        get { usual.load(ordering: .relaxed) }
        set { usual.store(newValue, ordering: .relaxed) }
    }

    /// The server at the endpoint; nil where there never was one.
    public subscript(endpoint: Endpoint) -> Backend? {
        state.withLock { state in state.places[endpoint].map { state.list[$0] } }
    }

    /// Adds a server that an option names: to hostgroup 0, or to hostgroup 1 where it is for reads only.
    ///
    /// - Throws: ``DuplicateBackend`` where some row names the endpoint already.
    public func add(_ endpoint: Endpoint, role: Backend.Role) throws(DuplicateBackend) {
        let hostgroup = role == .readWrite ? ServerRow.readWriteHostgroup : ServerRow.readOnlyHostgroup
        let isNew = change { rows in
            guard !rows.contains(where: { $0.endpoint == endpoint }) else { return false }
            rows.append(ServerRow(hostgroup: hostgroup, endpoint: endpoint))
            return true
        }
        guard isNew else { throw DuplicateBackend(endpoint: endpoint) }
    }

    /// Changes the rows and swaps the hostgroups; whoever observes hears of it before this returns.
    @discardableResult
    public func change<Answer: Sendable>(_ body: @Sendable (inout [ServerRow]) -> Answer) -> Answer {
        let (answer, observers) = state.withLock { state in
            let before = state.rows
            let answer = body(&state.rows)
            guard state.rows != before else { return (answer, [@Sendable () -> Void]()) }
            state.rebuild()
            changes.wrappingAdd(1, ordering: .releasing)
            return (answer, state.observers)
        }
        for observer in observers { observer() }
        return answer
    }

    /// Has statements for the server wait, or go on.
    public func pause(_ backend: Backend, _ isPaused: Bool) {
        let observers = state.withLock { state in
            backend.isPaused = isPaused
            return state.observers
        }
        for observer in observers { observer() }
    }

    /// Runs `observer` after every change, on the thread that makes it.
    public func observe(_ observer: @escaping @Sendable () -> Void) {
        state.withLock { $0.observers.append(observer) }
    }
}

extension BackendSet.State {
    /// Makes servers and hostgroups what the rows say.
    fileprivate mutating func rebuild() {
        let members = rows.map { row in Hostgroups.Member(backend: backend(at: row.endpoint), row: row) }
        hostgroups = Hostgroups(members)
        let byServer = Dictionary(grouping: rows, by: \.endpoint)
        for backend in list { backend.follow(byServer[backend.endpoint] ?? []) }
    }

    private mutating func backend(at endpoint: Endpoint) -> Backend {
        if let place = places[endpoint] { return list[place] }
        let backend = Backend(endpoint: endpoint, role: .readWrite, index: list.count)
        places[endpoint] = list.count
        list.append(backend)
        return backend
    }
}

extension Backend {
    /// Makes it what the rows that name it say.
    fileprivate func follow(_ rows: [ServerRow]) {
        isRemoved = rows.isEmpty
        standing = rows.map(\.status).min { $0.rawValue < $1.rawValue } ?? .offlineSoft
        maxConnections = rows.compactMap(\.maxConnections).max()
        guard !rows.isEmpty else { return isPaused = false }
        role = rows.allSatisfy { $0.hostgroup == ServerRow.readOnlyHostgroup } ? .readOnly : .readWrite
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
