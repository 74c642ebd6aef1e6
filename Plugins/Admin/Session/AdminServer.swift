import Locking
import MySQLWire
import PluginAPI
import ServerSide
import Synchronization

/// Makes the port's sessions and knows those that are open.
final class AdminServer: ServerSessionFactory {
    let credentials: Credentials
    let host: any PluginHost
    /// What is asked before the tables are.
    let script: AdminScript?
    private let database: String?
    private let file: String?
    private let world = Lock<AdminWorld?>(nil)
    private let sessions = Lock<[UInt32: Weak]>([:])
    let isReadOnly = Atomic(false)
    private let start = ContinuousClock.now

    /// What the greeting and VERSION() tell: the protocol is that of MySQL 8.0.
    static let version = "8.0.40-millrace-admin"

    private struct Weak: Sendable {
        weak var session: AdminSession?
    }

    init(
        host: any PluginHost, credentials: Credentials, database: String?, file: String?, script: AdminScript? = nil
    ) {
        self.host = host
        self.script = script
        self.credentials = credentials
        self.database = database
        self.file = file
    }

    /// The port's own settings.
    var variables: [RuntimeVariable] {
        [
            credentials.variable("admin-admin_credentials", of: .administrator),
            credentials.variable("admin-stats_credentials", of: .statistics),
            .boolean("admin-read_only") { [self] in
                isReadOnly.load(ordering: .relaxed)
            } apply: { [self] in
                isReadOnly.store($0, ordering: .relaxed)
            },
            RuntimeVariable(name: VariablesSection.version) {
                Self.version
            } check: { text throws(VariableFault) in
                guard text == Self.version else { throw VariableFault("it tells the version and can't be changed") }
                return text
            } apply: { _ in
            },
        ]
    }

    /// Makes the tables and loads what the disk and the configuration file hold.
    func open() throws {
        let world = try AdminWorld(server: self, database: database, file: file)
        self.world.withLock { $0 = world }
        do {
            try world.begin()
        } catch {
            close()
            throw error
        }
    }

    /// Seconds since the port was made.
    var uptime: Int64 { start.duration(to: .now).components.seconds }

    func close() {
        world.withLock { world in
            world?.store.remove()
            world = nil
        }
    }

    func makeSession(id: UInt32, peer: String, connection: any ServerConnection) -> any ServerSession {
        let session = AdminSession(id: id, world: world.withLock { $0 }, peer: peer, connection: connection)
        sessions.withLock { $0[id] = Weak(session: session) }
        var settings = ServerSettings(version: Self.version, passwords: credentials.passwords)
        settings.initialStatus = Output.status
        return ServerSideSession(id: id, peer: peer, settings: settings, connection: connection, responder: session)
    }

    func ended(_ id: UInt32) {
        sessions.withLock { $0[id] = nil }
    }

    /// The open session with the given id.
    func session(_ id: UInt32) -> AdminSession? {
        sessions.withLock { $0[id]?.session }
    }

    /// The open sessions, by their ids.
    var openSessions: [AdminSession] {
        sessions.withLock { $0.values.compactMap(\.session) }.sorted { $0.id < $1.id }
    }
}
