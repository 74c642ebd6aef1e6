import LuaVM
import PluginAPI
import Pooling

/// Writes a loop's script errors to the log, a few a second.
final class LuaErrorLog {
    private static let most = 10
    private static let window = TimeSpan.seconds(1)

    private let host: any PluginHost
    private unowned let loop: any LoopContext
    private var begin = MonotonicTime(nanoseconds: 0)
    private var written = 0
    private var withheld = 0
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
        if loop.now.since(begin) >= Self.window {
            begin = loop.now
            written = 0
            if withheld > 0 { host.log(.critical, "\(self.withheld) more Lua errors were not logged") }
            withheld = 0
        }
        guard written < Self.most else {
            withheld += 1
            return
        }
        written += 1
        host.log(.critical, text)
    }
}
