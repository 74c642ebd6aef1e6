import LuaVM
import PluginAPI
import Pooling

/// Writes a loop's script errors to the log, a few a second.
final class LuaErrorLog {
    private let host: any PluginHost
    private unowned let loop: any LoopContext
    private var limit = RateLimit(most: 10)
    /// Errors since the start, written or not.
    private(set) var count = 0

    init(host: any PluginHost, loop: any LoopContext) {
        self.host = host
        self.loop = loop
    }

    /// A hook or the top level has failed.
    func failed(_ place: String, _ error: LuaError) {
        let text = error.traceback.isEmpty ? error.message : "\(error.message)\n\(error.traceback)"
        write("(\(place)) \(text)")
    }

    /// Something that the script surely didn't want.
    func write(_ text: String) {
        count += 1
        let admitted = limit.admits(at: loop.now) { host.log(.critical, "\($0) more Lua errors were not logged") }
        if admitted { host.log(.critical, text) }
    }
}
