import PluginAPI
import Pooling

/// Looks once a second whether a script's files have changed.
final class ScriptWatch {
    private static let interval = TimeSpan.seconds(1)

    private let source: ScriptSource
    private unowned let loop: any LoopContext

    init(_ source: ScriptSource, loop: any LoopContext) {
        self.source = source
        self.loop = loop
    }

    /// Looks after an interval, and again and again; the loop only keeps the time, since files may be slow.
    func begin() {
        loop.schedule(at: loop.now + Self.interval) { [self] in
            Task.detached { [source] in source.look() }
            begin()
        }
    }
}
