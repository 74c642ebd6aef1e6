import Locking
package import PluginAPI
package import Pooling

/// Warns of this process's own shortages, of descriptors, ports or memory, once an episode: they hit every client and
/// every loop alike.
package final class ShortageWarning: Sendable {
    /// So long after the last one, a shortage is a new one.
    private static let episode = TimeSpan.seconds(10)

    private let last = Lock<MonotonicTime?>(nil)
    private let log: @Sendable (LogLevel, () -> String) -> Void

    /// - Parameter log: where the warnings go.
    package init(log: @escaping @Sendable (LogLevel, () -> String) -> Void) {
        self.log = log
    }

    /// A shortage was met; the text is only made for the first of an episode.
    package func met(now: MonotonicTime, _ text: () -> String) {
        let isNew = last.withLock { last in
            defer { last = now }
            return last.map { now.since($0) > Self.episode } ?? true
        }
        if isNew { log(.warning, text) }
    }
}
