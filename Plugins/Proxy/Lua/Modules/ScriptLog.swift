import PluginAPI
import Pooling

/// Writes what a loop's scripts log: so many lines a second of each level, so that a script can't fill the disk.
final class ScriptLog {
    /// Lines a second and level.
    private static let most = 1_000
    /// Bytes of a line; the rest is cut off.
    private static let longest = 8_192

    private let host: any PluginHost
    private let now: () -> MonotonicTime
    private var limits = [RateLimit](repeating: RateLimit(most: most), count: LogLevel.allCases.count)

    /// - Parameter now: the loop's clock.
    init(host: any PluginHost, now: @escaping () -> MonotonicTime) {
        self.host = host
        self.now = now
    }

    /// Writes a line, or counts it where there were too many.
    func write(_ level: LogLevel, _ text: String) {
        // Each level has its own count: lines of debug, which may not even be logged, hold no warning back.
        let admitted = limits[Int(level.rawValue)].admits(at: now()) { withheld in
            host.log(level, "\(withheld) more lines of Lua scripts were not logged: \(Self.most) a second are the most")
        }
        if admitted { host.log(level, Self.cut(text)) }
    }

    private static func cut(_ text: String) -> String {
        let bytes = text.utf8
        guard bytes.count > longest else { return text }
        return String(decoding: bytes.prefix(longest), as: UTF8.self) + "… (\(bytes.count - longest) bytes more)"
    }
}
