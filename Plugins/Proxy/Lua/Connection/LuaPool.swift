import LuaVM
import PluginAPI

/// A backend's `pool`: what is parked there, and how much of it is wanted.
final class LuaPool: LuaObject {
    private let backend: Backend
    private let parked: (Backend, [UInt8]) -> Int

    init(_ backend: Backend, parked: @escaping (Backend, [UInt8]) -> Int) {
        self.backend = backend
        self.parked = parked
    }

    override class var luaType: LuaObjectType {
        LuaObjectType(
            name: "proxy.global.backends[...].pool", fields: ["max_idle_connections", "min_idle_connections", "users"])
    }

    override func read(field: Int, _ frame: inout LuaFrame) throws(LuaError) -> Int {
        switch field {
        case 0: try frame.push(backend.maxIdleConnections)
        case 1: try frame.push(backend.minIdleConnections)
        default: try frame.push(LuaPoolUsers(backend, parked: parked))
        }
        return 1
    }

    override func write(field: Int, _ frame: inout LuaFrame) throws(LuaError) {
        guard field < 2 else { return try super.write(field: field, &frame) }
        guard let number = frame.integer(at: 3), let count = Int32(exactly: number), count >= 0 else {
            throw LuaError(
                "\(Self.luaType.fields[field]) is a whole number from 0 (none set) to \(Int32.max), not "
                    + frame.description(at: 3))
        }
        if field == 0 { backend.maxIdleConnections = Int(count) } else { backend.minIdleConnections = Int(count) }
    }
}

/// A pool's `users`, by name: one that nobody has heard of has nothing parked, and "" stands for all of them, as scripts
/// of mysql-proxy ask before they know a client's name.
final class LuaPoolUsers: LuaObject {
    private let backend: Backend
    private let parked: (Backend, [UInt8]) -> Int

    init(_ backend: Backend, parked: @escaping (Backend, [UInt8]) -> Int) {
        self.backend = backend
        self.parked = parked
    }

    override class var luaType: LuaObjectType { LuaObjectType(name: "proxy.global.backends[...].pool.users") }

    override func readKey(_ frame: inout LuaFrame) throws(LuaError) -> Int {
        guard let user = frame.bytes(at: 2) else {
            throw LuaError("pool.users takes a user's name, as pool.users[proxy.connection.client.username]")
        }
        try frame.push(LuaPoolUser(idle: parked(backend, user)))
        return 1
    }
}

/// A user's share of a pool on this loop: `cur_idle_connections`.
final class LuaPoolUser: LuaObject {
    private let idle: Int

    init(idle: Int) { self.idle = idle }

    override class var luaType: LuaObjectType {
        LuaObjectType(name: "proxy.global.backends[...].pool.users[...]", fields: ["cur_idle_connections"])
    }

    override func read(field: Int, _ frame: inout LuaFrame) throws(LuaError) -> Int {
        try frame.push(idle)
        return 1
    }
}
