internal import CLinux
internal import Glibc
internal import Pooling

/// A byte stream over a socket; its parts are in the extensions: receiving, sending, connecting, closing.
///
/// Subclasses are those of the two ways in which the system tells of sockets, epoll and io_uring.
class SocketStream: ByteStream {
    enum State {
        case connecting
        case open
        case closed
    }

    // In an order that leaves no gaps: small ones first, behind the base class's last byte.
    var state: State
    /// Whether ``held`` is being delivered in place, and must outlive a close.
    var isDeliveringHeld = false
    var isReceivingPaused = false
    /// Whether the socket may have more to receive: the edge was seen, and no short read since.
    var isReadable = false
    /// Whether the handler asked for the held bytes again.
    var isRedeliveryWanted = false
    /// Whether the system told of the peer's end, so that a short read is not the last one.
    var isPeerGone = false
    /// Whether the loop's ready list holds the stream.
    var isQueued = false
    /// Whether the system tells when the socket takes bytes again.
    var isWritingWatched = false
    var descriptor: Int32
    /// The stream's index in its loop's table.
    var place: UInt32 = 0
    /// The errno of a failed send, or 0.
    var sendError: Int32 = 0
    /// Invariant: touched only while the stream is not closed, and a loop closes its streams before it dies.
    unowned(unsafe) let loop: SocketLoop
    /// Received and not consumed.
    var held = OwnedBytes()
    /// Accepted by `send`, not yet taken by the socket.
    var pending = OwnedBytes()
    /// The peer, as far as it is known.
    var peer: SocketAddress?
    /// What only a stream that begins or ends has.
    private var extremes: Extremes?

    private final class Extremes {
        var attempt: ConnectAttempt?
        var lingering: LingeringClose?
        var end: EndReason?
    }

    /// A stream without a descriptor yet.
    init(connecting handler: StreamHandler, tag: UInt8, loop: SocketLoop) {
        self.loop = loop
        state = .connecting
        descriptor = -1
        super.init(handler: handler, tag: tag)
        loop.keep(self)
    }

    /// A stream just accepted.
    init(accepted descriptor: Int32, from peer: SocketAddress, loop: SocketLoop) {
        self.loop = loop
        self.descriptor = descriptor
        self.peer = peer
        state = .open
        super.init(handler: loop.nobody)
        loop.keep(self)
        startOpen()
    }

    /// A stream that another loop has had, with a descriptor that is open and doesn't block.
    init(adopting descriptor: Int32, peer: SocketAddress?, handler: StreamHandler, tag: UInt8, loop: SocketLoop) {
        self.loop = loop
        self.descriptor = descriptor
        self.peer = peer
        state = .open
        super.init(handler: handler, tag: tag)
        loop.keep(self)
        startOpen()
    }

    private func startOpen() {
        let error = register()
        if error != 0 { sendFailed(error) }
    }

    // Its loop has closed the stream: that keeps the others alive.
    deinit { assert(state == .closed) }

    final override var peerAddress: String { peer?.text ?? "" }

    final override var localAddress: String {
        guard descriptor >= 0 else { return "" }
        return SocketAddress { getsockname(descriptor, $0, $1) }?.text ?? ""
    }

    final override var pendingBytes: Int { pending.count }
    final override var heldBytes: Int { held.count }
    final override var isPaused: Bool { isReceivingPaused }

    final override func send(_ bytes: Span<UInt8>) { transmit(bytes) }
    final override func pauseReceiving() { isReceivingPaused = true }
    final override func resumeReceiving() { resume() }
    final override func close() { shut() }
    final override func closeAfterSending(lingering span: TimeSpan) { shutAfterSending(lingering: span) }
    final override func closeAfterGoodbye(lingering span: TimeSpan) { shutAfterGoodbye(lingering: span) }

    // MARK: Begin and end

    /// What connects the stream; nil once it is connected or closed.
    var attempt: ConnectAttempt? {
        get { extremes?.attempt }
        set {
            guard newValue != nil || extremes != nil else { return }
            let old = attempt
            change { $0.attempt = newValue }
            if old !== newValue { old?.letGo() }
        }
    }

    /// What waits for the last bytes after ``closeAfterSending(lingering:)``.
    var lingering: LingeringClose? {
        get { extremes?.lingering }
        set {
            guard newValue != nil || extremes != nil else { return }
            let old = lingering
            change { $0.lingering = newValue }
            if old !== newValue { old?.letGo(on: loop) }
        }
    }

    /// The end of the received bytes, once it was read.
    var end: EndReason? {
        get { extremes?.end }
        set { change { $0.end = newValue } }
    }

    private func change(_ body: (Extremes) -> Void) {
        let extremes = extremes ?? Extremes()
        body(extremes)
        let isNeeded = extremes.attempt != nil || extremes.lingering != nil || extremes.end != nil
        self.extremes = isNeeded ? extremes : nil
    }

    // MARK: Turns

    /// Asks for a call of ``continueTurn()`` in the next turn.
    func enqueue() {
        guard !isQueued else { return }
        isQueued = true
        loop.enqueue(self)
    }

    // MARK: Events

    /// What the ready list does, without an event.
    func continueTurn() {
        isQueued = false
        switch state {
        case .open: receive()
        case .connecting: if let end { finish(end) }
        case .closed: break
        }
    }

    // MARK: What the subclasses differ in

    /// Begins to watch the descriptor, connecting or open; returns an errno, or 0.
    func register() -> Int32 { fatalErrorOfAbstractClass() }

    /// Watches the descriptor no more, which is closed next.
    func unregister() { fatalErrorOfAbstractClass() }

    /// Watches the descriptor no more, which another loop takes over; says whether nothing came of it meanwhile.
    func withdraw() -> Bool { fatalErrorOfAbstractClass() }

    /// Watches for room to send, at least while it is wanted.
    func watchWriting(_ isWanted: Bool) { fatalErrorOfAbstractClass() }

    /// The stream has just been connected, and its handler does not know yet.
    func opened() {}

    /// One turn's receiving without an event.
    func receive() { receiveWhatIsReadable() }

    /// Whether bytes are to be sent at the end of the turn.
    var hasPutOff: Bool { false }

    /// Takes a copy of the bytes to send it at the end of the turn; says whether it has.
    func putOff(_ bytes: UnsafeRawBufferPointer) -> Bool { false }

    /// Sends now what was put off.
    func sendPutOff() {}
}
