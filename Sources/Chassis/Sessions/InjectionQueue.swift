import PluginAPI
import Pooling

/// The injected queries of the command under way; exists only while there are some.
final class InjectionQueue {
    /// Still to be sent, next one first.
    private var waiting: ArraySlice<Injection>
    /// Sent last.
    private(set) var current: Injection?
    /// The plugin that asked for them, if it wants to see results.
    let hook: (any ResultHook)?
    /// The answer to the current one, kept for the hook.
    var kept: [UInt8] = []
    /// When the current one was sent.
    private(set) var sent = MonotonicTime(nanoseconds: 0)
    /// When the first byte of its answer came; nil before.
    private(set) var firstByte: MonotonicTime?

    init(_ injections: [Injection], hook: (any ResultHook)?) {
        waiting = injections[...]
        self.hook = hook
    }

    /// Whether queries wait.
    var hasMore: Bool { !waiting.isEmpty }

    /// The one to be sent next.
    var upcoming: Injection? { waiting.first }

    /// Takes the next one; what was kept of the answer before is forgotten.
    func next(now: MonotonicTime) -> Injection? {
        kept = []
        current = waiting.popFirst()
        sent = now
        firstByte = nil
        return current
    }

    /// Puts queries in front of those that wait.
    func prepend(_ injections: [Injection]) {
        waiting = (injections + waiting)[...]
    }

    /// A piece of the current one's answer has come.
    func answerReceived(now: MonotonicTime) {
        if firstByte == nil { firstByte = now }
    }
}
