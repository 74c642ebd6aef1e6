public import Pooling

/// One connected or connecting byte stream of an event loop: TCP or unix socket, with its own flow control.
///
/// All calls belong on the loop's thread. No call runs a handler's callback before it returns: whatever a call
/// causes is told in a later turn of the loop. Subclasses are the pollers' streams and the simulator's.
open class ByteStream {
    /// Who is told of this stream's events; not retained by the stream.
    ///
    /// Invariant: whoever owns the handler closes the stream, or sets another handler, before the handler is freed.
    public final unowned(unsafe) var handler: StreamHandler

    /// A small number for the handler's own use, to tell its streams apart.
    public final var tag: UInt8

    /// A stream that reports to `handler`.
    public init(handler: StreamHandler, tag: UInt8 = 0) {
        self.handler = handler
        self.tag = tag
    }

    /// The peer's address as text: `ip:port`, `[v6]:port`, or the path of a unix socket; empty where unknown.
    open var peerAddress: String { fatalErrorOfAbstractClass() }

    /// This side's address as text, in the form of ``peerAddress``.
    open var localAddress: String { fatalErrorOfAbstractClass() }

    /// Bytes accepted by ``send(_:)`` that the peer's socket has not taken yet.
    open var pendingBytes: Int { fatalErrorOfAbstractClass() }

    /// Bytes received that the handler has not consumed yet.
    open var heldBytes: Int { fatalErrorOfAbstractClass() }

    /// Whether receiving is paused.
    open var isPaused: Bool { fatalErrorOfAbstractClass() }

    /// Sends all of `bytes`, in order: now as far as the socket takes them, the rest as it drains.
    ///
    /// The bytes are borrowed for the call only. A failure is told later by ``StreamHandler/ended(_:_:)``. On a stream
    /// still connecting the bytes wait for the connection. After ``close()`` it does nothing.
    open func send(_ bytes: Span<UInt8>) { fatalErrorOfAbstractClass() }

    /// Stops delivering received bytes until ``resumeReceiving()``; bytes already held stay held.
    ///
    /// The peer's death is still noticed and told, as soon as the system says so.
    open func pauseReceiving() { fatalErrorOfAbstractClass() }

    /// Delivers again, held bytes first; also asks for held bytes once more on a stream that was not paused.
    open func resumeReceiving() { fatalErrorOfAbstractClass() }

    /// Closes at once and drops what is pending; the handler hears nothing more of this stream.
    open func close() { fatalErrorOfAbstractClass() }

    /// Closes after the pending bytes were taken by the peer, or after `lingering` at the latest.
    ///
    /// The handler hears nothing more of this stream, which keeps itself alive meanwhile.
    open func closeAfterSending(lingering: TimeSpan) { fatalErrorOfAbstractClass() }

    /// The same for a peer that has said goodbye: it sends nothing more, and its end need not be waited for.
    open func closeAfterGoodbye(lingering: TimeSpan) { closeAfterSending(lingering: lingering) }
}

/// What an owner of streams does about their events; every callback runs on the loop's thread.
open class StreamHandler {
    /// The deadline in nanoseconds; the end of time for none. An optional would take twice the room, in every session.
    private final var due = UInt64.max

    /// The place in the loop's timers; nowhere for ``noTimer``. Theirs alone.
    package final var timerPlace = StreamHandler.noTimer

    /// The ``timerPlace`` of a handler that the loop's timers don't hold.
    package static let noTimer = UInt32.max

    /// Kept by the loop's timers; set by the loop's `setDeadline(_:for:)` only. The end of time is none.
    public package(set) final var deadline: MonotonicTime? {
        get { due == .max ? nil : MonotonicTime(nanoseconds: due) }
        set { due = newValue?.nanoseconds ?? .max }
    }

    /// A handler without a deadline.
    public init() {}

    /// Whether the owner keeps the handler to the end of the turn in which it has done with it: streams need not retain it
    /// then while they call it.
    open var isKeptThroughTurn: Bool { false }

    /// A stream that was made to connect is connected.
    open func connected(_ stream: ByteStream) {}

    /// Bytes have arrived: what was held, followed by what is new, at least one new or asked-for byte.
    ///
    /// - Parameter bytes: valid during the call only.
    /// - Returns: how many of the bytes, from the front, are consumed; the stream holds the rest and delivers it again,
    ///   in front of the next bytes or after ``ByteStream/resumeReceiving()``.
    open func received(_ bytes: Span<UInt8>, on stream: ByteStream) -> Int { bytes.count }

    /// Everything pending on the stream was taken by its peer, after ``ByteStream/pendingBytes`` had been above 0.
    open func drained(_ stream: ByteStream) {}

    /// The stream is dead: told once, after the last bytes were delivered, and never after a local close.
    ///
    /// The stream is closed already; its held bytes are gone.
    open func ended(_ stream: ByteStream, _ reason: EndReason) {}

    /// The deadline set for this handler has passed; it is cleared before the call.
    open func deadlinePassed(_ now: MonotonicTime) {}
}

/// A connected stream between two loops: its socket, which nobody reads from, until one of them takes it in.
///
/// Dropped without that, it closes.
public protocol DetachedStream: AnyObject, Sendable {}

/// The end of the line for a method that every subclass must override.
package func fatalErrorOfAbstractClass(_ function: StaticString = #function) -> Never {
    fatalError("\(function) is abstract")
}
