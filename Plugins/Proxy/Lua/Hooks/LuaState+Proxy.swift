import LuaVM
import PluginAPI
import Pooling

extension LuaState {
    /// Makes the global table `proxy` with constants and `proxy.global`; answers its metatable.
    ///
    /// - Parameter parked: how many connections to a backend are parked on the loop for a user.
    func installProxy(
        _ services: LuaServices, now: @escaping () -> MonotonicTime, parked: @escaping (Backend, [UInt8]) -> Int
    ) throws(LuaError) -> LuaReference {
        try withFrame { frame throws(LuaError) in
            try frame.pushGlobals()
            try frame.pushTable(fields: 100)
            for (name, value) in ScriptConstants.all {
                try frame.push(value)
                try frame.popIntoField(name, of: 2)
            }
            try frame.pushProxyGlobal(LuaBackends(services.backends, parked: parked))
            try frame.popIntoField("global", of: 2)
            try LuaShared(dictionary: services.shared, now: now).push(on: &frame)
            try frame.popIntoField("shared", of: 2)
            let metatable = try frame.setEmptyMetatable(of: 2)
            try frame.pushCopy(of: 2)
            try frame.popIntoField("proxy", of: 1)
            return metatable
        }
    }
}

extension LuaFrame {
    fileprivate mutating func pushProxyGlobal(_ backends: LuaBackends) throws(LuaError) {
        try pushTable(fields: 2)
        let table = count
        try pushTable()
        try popIntoField("config", of: table)
        try push(backends)
        try popIntoField("backends", of: table)
    }
}
