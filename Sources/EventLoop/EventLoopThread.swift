/// A thread named `mr-loop-N` that runs one event loop until it is stopped.
public struct EventLoopThread: Sendable {
    private let thread: PosixThread

    /// Starts the thread.
    ///
    /// - Throws: the system's error where it has no thread to give.
    public init<Loop: EventLoop & Sendable>(running loop: Loop) throws(SystemError) {
        thread = try PosixThread(named: "mr-loop-\(loop.index)") { loop.run() }
    }

    /// Waits until the loop was stopped and its thread has ended; to be called once.
    public func join() { thread.join() }
}
