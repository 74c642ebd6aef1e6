import LuaVM
import MySQLWire
import PluginAPI
import Pooling

/// `proxy.connection`: the session of the client whose hook runs.
///
/// `backend_ndx` counts the backends from 1 and reads the one in use; 0 is none. Written 0, the connection is parked for
/// others of the same user; a number takes one that is parked there. Nothing changes where none is. In connect_server it
/// chooses where to connect to, with PROXY_IGNORE_RESULT by a parked connection of whichever user.
final class LuaConnection: LuaObject {
    private let handle: LuaSessionHandle

    init(_ scope: LuaSession) { handle = scope.handle }

    override class var luaType: LuaObjectType {
        LuaObjectType(
            name: "proxy.connection",
            fields: [
                "backend_ndx", "connection_close", "client", "server", "default_db", "thread_id", "mysqld_version",
            ])
    }

    override func read(field: Int, _ frame: inout LuaFrame) throws(LuaError) -> Int {
        let scope = try live()
        switch field {
        case 0: try frame.push(scope.backendIndex)
        case 1: return 0
        case 2: try frame.push(LuaSocket(scope, side: .client))
        case 3:
            let session = scope.session
            guard session.backend != nil, !session.isParking, scope.hook != .connectServer else { return 0 }
            try frame.push(LuaSocket(scope, side: .server))
        default:
            let name = Self.luaType.fields[field]
            let side = field == 4 ? "client.\(name) or proxy.connection.server" : "server"
            throw LuaError("proxy.connection.\(name) is gone: use proxy.connection.\(side).\(name)")
        }
        return 1
    }

    override func write(field: Int, _ frame: inout LuaFrame) throws(LuaError) {
        let scope = try live()
        switch field {
        case 0: try choose(frame.integer(at: 3), scope)
        case 1:
            guard frame.kind(at: 3) == .boolean else {
                throw LuaError("proxy.connection.connection_close takes true or false")
            }
            if frame.isTrue(at: 3) { scope.session.closeAfterResult() }
        default: try super.write(field: field, &frame)
        }
    }

    private func choose(_ number: Int64?, _ scope: LuaSession) throws(LuaError) {
        let count = scope.backends.all.count
        guard let number, number >= 0, number <= count else {
            throw LuaError("proxy.connection.backend_ndx takes a number from 0 (none) to \(count)")
        }
        switch scope.hook {
        case .connectServer: scope.chosenBackend = Int(number)
        // Where the connection can't be kept, it ends with the client.
        case .disconnectClient where number == 0: try? scope.session.parkBackend()
        default: try change(to: Int(number), scope)
        }
    }

    /// Parks the session's connection, and takes one to the given backend; without one, nothing changes.
    private func change(to number: Int, _ scope: LuaSession) throws(LuaError) {
        guard number != 0 || scope.backendIndex != 0 else { return }
        do {
            if number == 0 {
                try scope.session.parkBackend()
            } else {
                _ = try scope.session.takeBackend(scope.backends.all[number - 1])
            }
        } catch {
            throw LuaError("proxy.connection.backend_ndx = \(number) is refused, because \(error)")
        }
    }

    private func live() throws(LuaError) -> LuaSession {
        guard let scope = handle.scope else {
            throw LuaError("the client of this proxy.connection is gone; use proxy.connection anew in each hook")
        }
        return scope
    }
}

/// `proxy.connection.client` or `.server`: one side's login, greeting and addresses.
final class LuaSocket: LuaObject {
    enum Side { case client, server }

    private let handle: LuaSessionHandle
    private let side: Side

    init(_ scope: LuaSession, side: Side) {
        handle = scope.handle
        self.side = side
    }

    override class var luaType: LuaObjectType {
        LuaObjectType(
            name: "proxy.connection.client/server",
            fields: [
                "default_db", "username", "scrambled_password", "auth_plugin_name", "mysqld_version", "thread_id",
                "scramble_buffer", "src", "dst", "address",
            ])
    }

    override func read(field: Int, _ frame: inout LuaFrame) throws(LuaError) -> Int {
        guard let session = handle.scope?.session else {
            throw LuaError("the client of this object is gone; use proxy.connection anew in each hook")
        }
        switch field {
        case 0:
            let schema = side == .client ? session.schemaBytes : session.backendSchemaBytes
            return try frame.pushPresent(session.login.map { session.isLoggedIn ? schema : $0.schemaBytes ?? [] })
        case 1: return try frame.pushPresent(session.login?.userBytes)
        case 2: return try frame.pushPresent(session.login?.authResponse)
        case 3:
            return try frame.pushPresent(
                (session.login?.authMethod ?? greeting(session)?.authMethod).map { Array($0.utf8) })
        case 6: return try frame.pushPresent(greeting(session)?.scramble)
        case 4, 5: return try readNumber(field, session, &frame)
        case 7, 8: return try readAddress(isSource: field == 7, session, &frame)
        default: throw LuaError("address is gone: use src.name or dst.name")
        }
    }

    /// What this side was greeted by, or has greeted with.
    private func greeting(_ session: Session) -> Greeting? {
        side == .server ? session.backendGreeting ?? session.greeting : session.greeting
    }

    private func readNumber(_ field: Int, _ session: Session, _ frame: inout LuaFrame) throws(LuaError) -> Int {
        guard let greeting = greeting(session) else { return 0 }
        let version = greeting.serverVersionNumber
        let number = version.major &* 10_000
        try frame.push(
            field == 5 ? Int(greeting.connectionID) : number &+ (version.minor &* 100) &+ version.patch)
        return 1
    }

    private func readAddress(isSource: Bool, _ session: Session, _ frame: inout LuaFrame) throws(LuaError) -> Int {
        switch (side, isSource) {
        case (.client, true): try frame.push(LuaAddress(session.clientAddress))
        case (.client, false): try frame.push(LuaAddress(session.listenerAddress))
        case (.server, true):
            guard let address = session.backendLocalAddress else { return 0 }
            try frame.push(LuaAddress(address))
        case (.server, false):
            guard let backend = session.backend else { return 0 }
            try frame.push(LuaAddress(backend.endpoint.description))
        }
        return 1
    }
}

extension LuaFrame {
    /// Pushes bytes where there are some; answers how many values that made.
    mutating func pushPresent(_ bytes: [UInt8]?) throws(LuaError) -> Int {
        guard let bytes else { return 0 }
        try push(bytes)
        return 1
    }
}
