import LuaVM
import Pooling

/// A module of mysql-proxy that was written in C, made when a script requires it first.
struct LuaModule {
    /// What `require` is called with.
    let name: String
    /// The global that loading it sets, as registering a module did in Lua 5.1.
    let global: String
    /// Its functions.
    let functions: [(name: String, body: LuaFunction)]
    /// What else loading it does.
    var whenLoaded: (inout LuaFrame) throws(LuaError) -> Void = { _ throws(LuaError) in }

    /// The function in `package.preload`: makes the module's table and answers it.
    func load(_ frame: inout LuaFrame) throws(LuaError) -> Int {
        try frame.pushTable(fields: functions.count)
        let table = frame.count
        for function in functions {
            try frame.push(function: function.body)
            try frame.popIntoField(function.name, of: table)
        }
        try frame.pushGlobals()
        try frame.pushCopy(of: table)
        try frame.popIntoField(global, of: frame.count - 1)
        try whenLoaded(&frame)
        try frame.pushCopy(of: table)
        return 1
    }
}

extension LuaState {
    /// Makes mysql-proxy's modules known to `require`.
    ///
    /// - Parameter now: the loop's clock.
    func installModules(_ services: LuaServices, now: @escaping () -> MonotonicTime) throws(LuaError) {
        let modules: [LuaModule] = [
            .proto, .password, try .tokenizer(self), .chassis(services, now: now), .glib, .posix,
        ]
        try withFrame { frame throws(LuaError) in
            try frame.pushGlobals()
            try frame.pushField("package", of: 1)
            try frame.pushField("preload", of: 2)
            for module in modules {
                try frame.push(function: module.load)
                try frame.popIntoField(module.name, of: 3)
            }
        }
    }
}
