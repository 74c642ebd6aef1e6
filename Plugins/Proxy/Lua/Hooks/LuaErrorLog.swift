import LuaVM
import PluginAPI
import Pooling

/// Writes a loop's script errors to the log, a few a second.
final class LuaErrorLog {
    private let host: any PluginHost
    private unowned let loop: any LoopContext
    private var limit = RateLimit(most: 10)
    private let errors: ScriptErrorCount

    init(host: any PluginHost, loop: any LoopContext, errors: ScriptErrorCount) {
        self.host = host
        self.loop = loop
        self.errors = errors
    }

    /// A hook or the top level has failed.
    func failed(_ place: String, _ error: LuaError) {
        let text = error.traceback.isEmpty ? error.message : "\(error.message)\n\(error.traceback)"
        write("(\(place)) \(text)")
    }

    /// Something that the script surely didn't want.
    func write(_ text: String) {
        errors.add()
        let admitted = limit.admits(at: loop.now) { host.log(.critical, "\($0) more Lua errors were not logged") }
        if admitted { host.log(.critical, text) }
    }
}
