public import Pooling
@_exported public import Streams

/// One event-loop thread's world: its streams, listeners, timers and mailbox.
///
/// The interface is completion-style: callers say what shall happen and hear when it has; that fits epoll and io_uring
/// alike. Except for ``execute(_:)``, ``stop()`` and `init`, everything belongs on the loop's own thread. Subclasses are the
/// pollers and the simulator's loop.
open class EventLoop {
    /// The loop's number, from 0.
    public final let index: Int

    /// The time at which the present turn of the loop began, or a later one.
    ///
    /// Kept by the subclasses; stored, since every event asks for it.
    public package(set) final var now: MonotonicTime

    /// A loop with the given number, which begins at the given time.
    public init(index: Int, now: MonotonicTime) {
        self.index = index
        self.now = now
    }

    /// Streams that are open, those included that only send what is pending before they close.
    open var streamCount: Int { fatalErrorOfAbstractClass() }

    /// What the loop has done so far; zero where it keeps no account.
    open var work: LoopWork { LoopWork() }

    /// Starts to connect; the handler hears `connected` or `ended` later, never before this returns.
    ///
    /// Host names are resolved off the loop; every address of a name is tried until `timeout` has passed.
    open func connect(to endpoint: Endpoint, timeout: TimeSpan, handler: StreamHandler, tag: UInt8) -> ByteStream {
        fatalErrorOfAbstractClass()
    }

    /// Accepts from a listening socket; `accepted` makes the handler of each new stream, or nil to close it at once.
    open func accept(from listener: ListeningSocket, accepted: @escaping (ByteStream) -> StreamHandler?) {
        fatalErrorOfAbstractClass()
    }

    /// Stops accepting from all listeners; their sockets are closed by their owner.
    open func stopAccepting() { fatalErrorOfAbstractClass() }

    /// Takes a quiet stream out of the loop, for ``adopt(_:handler:tag:)`` of another one; its handler hears nothing more of it.
    ///
    /// - Returns: nil where the stream isn't quiet (connecting, ended, with bytes held or pending): it stays as it was.
    open func detach(_ stream: ByteStream) -> (any DetachedStream)? { fatalErrorOfAbstractClass() }

    /// Takes in a stream that another loop of the same kind has detached; nil where the system refuses, and it is closed.
    open func adopt(_ stream: any DetachedStream, handler: StreamHandler, tag: UInt8) -> ByteStream? {
        fatalErrorOfAbstractClass()
    }

    /// Sets, moves or clears the handler's one deadline; moving it later costs nothing.
    ///
    /// A handler is kept alive as long as it has a deadline.
    open func setDeadline(_ deadline: MonotonicTime?, for handler: StreamHandler) { fatalErrorOfAbstractClass() }

    /// Runs `job` once, at `time` or as soon as possible after it, on the loop's thread.
    open func schedule(at time: MonotonicTime, _ job: @escaping () -> Void) { fatalErrorOfAbstractClass() }

    /// Runs `job` on the loop's thread in a later turn; callable from every thread.
    open func execute(_ job: @escaping @Sendable () -> Void) { fatalErrorOfAbstractClass() }

    /// Looks for events without sleeping for a while: who sends one command after the other is spared the loop's waking up.
    ///
    /// The wait ends with the first event. Loops without a poller need not do anything.
    open func stayAwake(for time: TimeSpan) {}

    /// Turns until ``stop()``; called on the thread that becomes the loop's.
    open func run() { fatalErrorOfAbstractClass() }

    /// Ends ``run()`` after the present turn; callable from every thread.
    open func stop() { fatalErrorOfAbstractClass() }
}

/// What an event loop has done since its start.
public struct LoopWork: BitwiseCopyable, Sendable {
    /// How often it has waited for events.
    public var turns: UInt64 = 0
    /// Events that came: bytes, connections, room to send, mail.
    public var events: UInt64 = 0

    /// Nothing yet.
    public init() {}
}
