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
    private(set) var kept: [UInt8] = []
    /// Whether the answer was longer than the plugin wanted to have it kept.
    private(set) var isOverflown = false
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
        forgetKept()
        isOverflown = false
        current = waiting.popFirst()
        sent = now
        firstByte = nil
        return current
    }

    /// Puts queries in front of those that wait.
    func prepend(_ injections: [Injection]) {
        waiting = (injections + waiting)[...]
    }

    /// A piece of the current one's answer has come, to be kept.
    func keep(_ bytes: Span<UInt8>, now: MonotonicTime) {
        if firstByte == nil { firstByte = now }
        guard !isOverflown else { return }
        guard kept.count + bytes.count <= current?.keptBytes ?? 0 else {
            isOverflown = true
            return forgetKept()
        }
        bytes.withUnsafeBufferPointer { kept.append(contentsOf: $0) }
    }

    /// Gives the kept packets sequence ids from `first` on.
    func renumberKept(from first: UInt8) {
        // Moved out and back, so that it is changed in place.
        var packets = kept
        kept = []
        packets.renumberPackets(from: first)
        kept = packets
    }

    /// What was kept has been sent, or isn't wanted.
    func forgetKept() { kept = [] }

    /// Nothing more is to be sent.
    func removeWaiting() { waiting = [] }
}
