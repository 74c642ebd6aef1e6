import EventLoop
import PluginAPI

/// Carries a loop to other threads for its one thread-safe call.
///
/// Invariant of the unchecked sendability: nothing but `execute` is reached through it, which is callable from every
/// thread.
final class LoopDoor: LoopMailbox, @unchecked Sendable {
    private let loop: EventLoop

    init(loop: EventLoop) {
        self.loop = loop
    }

    func post(_ job: @escaping @Sendable () -> Void) {
        loop.execute(job)
    }
}
