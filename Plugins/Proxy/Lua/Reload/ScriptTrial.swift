import LuaVM
import PluginAPI
import Pooling

/// Tries a script in a Lua state of its own before any client gets it: its top level, and its `self_test` if it has one.
struct ScriptTrial: Sendable {
    /// A test may take longer than a hook: it runs on no loop's thread.
    private static let limits = LuaLimits(instructions: 200_000_000, memory: 1 << 30, onError: .pass)

    let services: LuaServices

    init(_ services: LuaServices) { self.services = services }

    /// - Throws: ``OptionError`` where the script doesn't compile, its top level fails, or its self_test does.
    func run(_ script: LuaScript) throws(OptionError) {
        do {
            let engine = try LuaEngine(
                script: script, limits: Self.limits, services: services.forTrial,
                now: { MonotonicTime(nanoseconds: 0) }, parked: { _, _ in 0 })
            let session = Session(
                id: 0, slot: 0, generation: 0, clientAddress: "127.0.0.1:0", listenerAddress: "127.0.0.1:0")
            let scope = try engine.makeSession(session)
            defer { scope.end() }
            try engine.runTopLevel(for: scope)
            try engine.selfTest(for: scope)
        } catch {
            // Lua's own errors begin with the file and the line already.
            let place = error.message.hasPrefix(script.path) ? "" : "\(script.path): "
            throw OptionError(option: "--proxy-lua-script", reason: place + error.message)
        }
    }
}
