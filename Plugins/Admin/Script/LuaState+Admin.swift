import LuaVM
import PluginAPI

extension LuaState {
    /// Makes the global table `proxy` with constants and `proxy.global.backends`; answers its metatable.
    func installProxy(_ backends: BackendSet) throws(LuaError) -> LuaReference {
        try withFrame { frame throws(LuaError) in
            try frame.pushGlobals()
            try frame.pushTable(fields: 100)
            for (name, value) in ScriptConstants.all {
                try frame.push(value)
                try frame.popIntoField(name, of: 2)
            }
            try frame.pushTable(fields: 2)
            try frame.pushTable()
            try frame.popIntoField("config", of: 3)
            try frame.push(ScriptBackends(backends))
            try frame.popIntoField("backends", of: 3)
            try frame.popIntoField("global", of: 2)
            let metatable = try frame.setEmptyMetatable(of: 2)
            try frame.pushCopy(of: 2)
            try frame.popIntoField("proxy", of: 1)
            return metatable
        }
    }

    /// Fills `proxy.connection`.
    func describe(_ client: AdminScript.Client, in scope: LuaScope) throws(LuaError) {
        try withFrame { frame throws(LuaError) in
            try frame.push(scope.own)
            try frame.pushTable(fields: 2)
            try frame.pushTable(fields: 3)
            for (name, text) in [("username", client.user), ("default_db", client.schema)] {
                try frame.push(text)
                try frame.popIntoField(name, of: 3)
            }
            try frame.pushAddress(client.address)
            try frame.popIntoField("src", of: 3)
            try frame.popIntoField("client", of: 2)
            try frame.pushTable(fields: 1)
            try frame.push(Int(client.id))
            try frame.popIntoField("thread_id", of: 3)
            try frame.popIntoField("server", of: 2)
            try frame.popIntoField("connection", of: 1)
        }
    }
}

extension LuaFrame {
    /// Pushes an address: `name` is the whole of it, `address` what stands before the port.
    fileprivate mutating func pushAddress(_ text: String) throws(LuaError) {
        try pushTable(fields: 2)
        let table = count
        try push(text)
        try popIntoField("name", of: table)
        try push(text.lastIndex(of: ":").map { String(text[..<$0]) } ?? text)
        try popIntoField("address", of: table)
    }
}

/// `proxy.global.backends`: the servers, counted from 1.
private final class ScriptBackends: LuaObject {
    private let backends: BackendSet

    init(_ backends: BackendSet) { self.backends = backends }

    override class var luaType: LuaObjectType { LuaObjectType(name: "proxy.global.backends") }

    override func length(_ frame: inout LuaFrame) throws(LuaError) -> Int { backends.all.count }

    override func readKey(_ frame: inout LuaFrame) throws(LuaError) -> Int {
        let all = backends.all
        guard let number = frame.integer(at: 2), number >= 1, number <= all.count else { return 0 }
        try frame.push(ScriptBackend(all[Int(number) - 1]))
        return 1
    }
}

/// One server; `state` and `uuid` are writable.
private final class ScriptBackend: LuaObject {
    private let backend: Backend

    init(_ backend: Backend) { self.backend = backend }

    override class var luaType: LuaObjectType {
        LuaObjectType(
            name: "proxy.global.backends[...]", fields: ["connected_clients", "dst", "state", "type", "uuid"])
    }

    override func read(field: Int, _ frame: inout LuaFrame) throws(LuaError) -> Int {
        switch field {
        case 0: try frame.push(backend.connectedClients)
        case 1: try frame.pushAddress("\(backend.endpoint)")
        case 2: try frame.push(Int((backend.standing == .online ? backend.state : .down).rawValue))
        case 3: try frame.push(backend.role == .readWrite ? 1 : 2)
        default:
            guard let uuid = backend.uuid else { return 0 }
            try frame.push(uuid)
        }
        return 1
    }

    override func write(field: Int, _ frame: inout LuaFrame) throws(LuaError) {
        switch field {
        case 2:
            guard let state = frame.integer(at: 3).flatMap({ UInt8(exactly: $0) }).flatMap(Backend.State.init) else {
                throw LuaError("a backend's state is proxy.BACKEND_STATE_UNKNOWN, _UP or _DOWN")
            }
            backend.state = state
        case 4: backend.uuid = frame.string(at: 3)
        default: try super.write(field: field, &frame)
        }
    }
}
