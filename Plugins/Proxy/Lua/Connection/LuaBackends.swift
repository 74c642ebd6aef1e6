import LuaVM
import PluginAPI
import Pooling

/// `proxy.global.backends`: the servers, counted from 1.
final class LuaBackends: LuaObject {
    private let backends: BackendSet
    private let parked: (Backend, [UInt8]) -> Int

    init(_ backends: BackendSet, parked: @escaping (Backend, [UInt8]) -> Int) {
        self.backends = backends
        self.parked = parked
    }

    override class var luaType: LuaObjectType { LuaObjectType(name: "proxy.global.backends") }

    override func length(_ frame: inout LuaFrame) throws(LuaError) -> Int { backends.all.count }

    override func readKey(_ frame: inout LuaFrame) throws(LuaError) -> Int {
        guard let number = frame.integer(at: 2) else {
            throw LuaError("proxy.global.backends takes a number from 1 to #proxy.global.backends")
        }
        let all = backends.all
        guard number >= 1, number <= all.count else { return 0 }
        try frame.push(LuaBackend(all[Int(number) - 1], parked: parked))
        return 1
    }
}

/// One server: `connected_clients`, `dst`, `state`, `type`, `uuid`, `pool`; state and uuid are writable.
final class LuaBackend: LuaObject {
    private let backend: Backend
    private let parked: (Backend, [UInt8]) -> Int

    init(_ backend: Backend, parked: @escaping (Backend, [UInt8]) -> Int) {
        self.backend = backend
        self.parked = parked
    }

    override class var luaType: LuaObjectType {
        LuaObjectType(
            name: "proxy.global.backends[...]", fields: ["connected_clients", "dst", "state", "type", "uuid", "pool"])
    }

    override func read(field: Int, _ frame: inout LuaFrame) throws(LuaError) -> Int {
        switch field {
        case 0: try frame.push(backend.connectedClients)
        case 1: try frame.push(LuaAddress(backend.endpoint.description))
        // Scripts leave out what is down, and know no other word for a server that isn't to be used.
        case 2: try frame.push(Int((backend.standing == .online ? backend.state : .down).rawValue))
        case 3: try frame.push(backend.role == .readWrite ? 1 : 2)
        case 4:
            guard let uuid = backend.uuid else { return 0 }
            try frame.push(uuid)
        default: try frame.push(LuaPool(backend, parked: parked))
        }
        return 1
    }

    override func write(field: Int, _ frame: inout LuaFrame) throws(LuaError) {
        switch field {
        case 2:
            guard let number = frame.integer(at: 3), let raw = UInt8(exactly: number),
                let state = Backend.State(rawValue: raw)
            else {
                throw LuaError(
                    "a backend's state is proxy.BACKEND_STATE_UNKNOWN, _UP or _DOWN, not \(frame.description(at: 3))")
            }
            backend.state = state
        case 4:
            guard frame.isNil(at: 3) || frame.kind(at: 3) == .string else {
                throw LuaError("a backend's uuid is a string or nil, not \(frame.description(at: 3))")
            }
            backend.uuid = frame.string(at: 3)
        default:
            try super.write(field: field, &frame)
        }
    }
}
