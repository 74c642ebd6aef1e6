import MySQLWire
import PluginAPI
import ServerSide

/// Makes the sandbox's sessions.
final class SandboxServer: ServerSessionFactory {
    let storage: SandboxStorage
    private let settings: ServerSettings
    private let activity = Activity()

    static let version = "8.0.40-millrace-sandbox"

    init(storage: SandboxStorage, user: String, password: String) {
        self.storage = storage
        settings = ServerSettings(version: Self.version, passwords: [user: StoredPassword(password)])
    }

    func makeSession(id: UInt32, peer: String, connection: any ServerConnection) -> any ServerSession {
        let responder = SandboxSession(storage: storage, activity: activity, state: SessionState(id: id, peer: peer))
        return ServerSideSession(id: id, peer: peer, settings: settings, connection: connection, responder: responder)
    }
}
