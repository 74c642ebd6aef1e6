internal import CLinux
internal import Glibc
internal import Pooling

/// A byte stream on epoll; its parts are in the extensions: receiving, sending, connecting, closing.
final class EpollStream: ByteStream {
    enum State {
        case connecting
        case open
        case closed
    }

    /// Invariant: touched only while the stream is not closed, and a loop closes its streams before it dies.
    unowned(unsafe) let loop: EpollLoop
    var state: State
    var descriptor: Int32
    /// The stream's index in its loop's table.
    var place = 0
    let isAccepted: Bool
    /// The peer, as far as it is known.
    var peer: SocketAddress?
    /// What connects the stream; nil once it is connected or closed.
    var attempt: ConnectAttempt? {
        didSet { if oldValue !== attempt { oldValue?.letGo() } }
    }
    /// What waits for the last bytes after ``closeAfterSending(lingering:)``.
    var lingering: LingeringClose? {
        didSet { if oldValue !== lingering { oldValue?.letGo(on: loop) } }
    }

    // Receiving.
    /// Received and not consumed.
    var held = OwnedBytes()
    /// Whether ``held`` is being delivered in place, and must outlive a close.
    var isDeliveringHeld = false
    var isReceivingPaused = false
    /// Whether the socket may have more to receive: the edge was seen, and no short read since.
    var isReadable = false
    /// Whether the handler asked for the held bytes again.
    var isRedeliveryWanted = false
    /// Whether the system told of the peer's end, so that a short read is not the last one.
    var isPeerGone = false
    /// The end of the received bytes, once it was read.
    var end: EndReason?

    // Sending.
    /// Accepted by `send`, not yet taken by the socket.
    var pending = OwnedBytes()
    /// The errno of a failed send, or 0.
    var sendError: Int32 = 0
    /// Whether the poller tells when the socket takes bytes again.
    var watchesWriting = false

    /// Whether the loop's ready list holds the stream.
    var isQueued = false

    /// A stream without a descriptor yet.
    init(connecting handler: StreamHandler, tag: UInt8, loop: EpollLoop) {
        self.loop = loop
        state = .connecting
        descriptor = -1
        isAccepted = false
        super.init(handler: handler, tag: tag)
        loop.keep(self)
    }

    /// A stream just accepted.
    init(accepted descriptor: Int32, from peer: SocketAddress, loop: EpollLoop) {
        self.loop = loop
        self.descriptor = descriptor
        self.peer = peer
        state = .open
        isAccepted = true
        super.init(handler: loop.nobody)
        loop.keep(self)
        let error = register()
        if error != 0 { sendFailed(error) }
    }

    /// A stream that another loop has had, with a descriptor that is open and doesn't block.
    init(adopting descriptor: Int32, peer: SocketAddress?, handler: StreamHandler, tag: UInt8, loop: EpollLoop) {
        self.loop = loop
        self.descriptor = descriptor
        self.peer = peer
        state = .open
        isAccepted = false
        super.init(handler: handler, tag: tag)
        loop.keep(self)
        let error = register()
        if error != 0 { sendFailed(error) }
    }

    deinit { release() }

    override var peerAddress: String { peer?.text ?? "" }

    override var localAddress: String {
        guard descriptor >= 0 else { return "" }
        return SocketAddress { getsockname(descriptor, $0, $1) }?.text ?? ""
    }

    override var pendingBytes: Int { pending.count }
    override var heldBytes: Int { held.count }
    override var isPaused: Bool { isReceivingPaused }

    override func send(_ bytes: Span<UInt8>) { transmit(bytes) }
    override func pauseReceiving() { isReceivingPaused = true }
    override func resumeReceiving() { resume() }
    override func close() { shut() }
    override func closeAfterSending(lingering span: TimeSpan) { shutAfterSending(lingering: span) }

    /// Asks for a call of ``continueTurn()`` in the next turn.
    func enqueue() {
        guard !isQueued else { return }
        isQueued = true
        loop.enqueue(self)
    }

    // MARK: Events

    /// What the poller tells.
    func handle(_ events: UInt32) {
        guard descriptor >= 0 else { return }
        if state == .connecting, !finishConnecting(events) { return }
        if events & (EPOLLRDHUP.rawValue | EPOLLHUP.rawValue | EPOLLERR.rawValue) != 0 {
            isPeerGone = true
            isReadable = true
        } else if events & EPOLLIN.rawValue != 0 {
            isReadable = true
        }
        if events & EPOLLOUT.rawValue != 0, pending.count > 0 { flush() }
        // A stream in the ready list receives from there: one read a turn.
        if isReadable, !isQueued, state == .open { receive() }
    }

    /// What the ready list does, without an event.
    func continueTurn() {
        isQueued = false
        switch state {
        case .open: receive()
        case .connecting: if let end { finish(end) }
        case .closed: break
        }
    }

    // MARK: The poller's registration

    /// TCP sockets tell of room to send only after they lacked it, so watching for that costs nothing; a unix socket
    /// tells each time the peer reads, and is asked only while there is something to send.
    private var isWritingAlwaysWatched: Bool { peer?.family != AF_UNIX }

    /// Registers the descriptor; returns an errno, or 0.
    func register() -> Int32 {
        watchesWriting = state == .connecting || isWritingAlwaysWatched
        return control(EPOLL_CTL_ADD)
    }

    /// Watches for room to send exactly while it is of interest.
    func watchWriting(_ isWanted: Bool) {
        guard isWanted != watchesWriting, !isWritingAlwaysWatched else { return }
        watchesWriting = isWanted
        _ = control(EPOLL_CTL_MOD)
    }

    private func control(_ operation: Int32) -> Int32 {
        let writing = watchesWriting ? EPOLLOUT.rawValue : 0
        let events = EPOLLIN.rawValue | EPOLLRDHUP.rawValue | EPOLLET.rawValue | writing
        return clinux_epoll_control(loop.poller, operation, descriptor, events, EventTarget.of(self))
    }
}
