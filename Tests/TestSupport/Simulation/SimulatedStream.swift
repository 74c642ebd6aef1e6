public import EventLoop
public import Pooling

/// One end of a connection in memory, with a bounded socket on the way to the other end.
public final class SimulatedStream: ByteStream {
    private enum State {
        case connecting
        case open
        case lingering
        case closed
    }

    private unowned let loop: SimulatedLoop
    private var state = State.connecting
    private var peer: SimulatedStream?
    private let local: String
    private let remote: String
    /// Keeps a handler of nothing alive, for a stream that has none or has done with it.
    var nobody: StreamHandler?

    /// How much the other end's socket takes, unread.
    private let socketSize: Int
    /// In this end's socket, not received yet.
    private var socket = ByteQueue()
    private var held = ByteQueue()
    private var pending = ByteQueue()
    /// The other end's end, behind the bytes in the socket.
    private var end: EndReason?
    private var isReceivingPaused = false
    private var isRedeliveryWanted = false
    private var isWakeDue = false
    /// Whether bytes were pending after a call, so that the handler is to hear when they are gone.
    private var owesDrained = false
    /// Nothing comes in or goes out before this.
    private var stalledUntil = MonotonicTime(nanoseconds: 0)

    init(loop: SimulatedLoop, handler: StreamHandler, tag: UInt8, local: String, peer: String) {
        self.loop = loop
        self.local = local
        remote = peer
        socketSize = 1024 + loop.random.length(upTo: 1 << 17)
        super.init(handler: handler, tag: tag)
        loop.open[ObjectIdentifier(self)] = self
    }

    // MARK: The contract

    public override var peerAddress: String { remote }
    public override var localAddress: String { local }
    public override var pendingBytes: Int { pending.count }
    public override var heldBytes: Int { held.count }
    public override var isPaused: Bool { isReceivingPaused }

    public override func send(_ bytes: Span<UInt8>) {
        guard state == .open || state == .connecting, !bytes.isEmpty, end == nil || end == .peerClosed else { return }
        pending.append(bytes)
        if state == .open { flush() }
        if pending.count > 0 {
            owesDrained = true
            if stalledUntil > loop.now { wake() }
        } else if owesDrained {
            wake()
        }
        notePeak()
    }

    public override func pauseReceiving() { isReceivingPaused = true }

    public override func resumeReceiving() {
        isReceivingPaused = false
        isRedeliveryWanted = true
        wake()
    }

    /// Where bytes were not read, the other end may see a reset, which may overtake what it was sent.
    public override func close() {
        guard state != .closed else { return }
        let hadUnread = socket.count > 0 || held.count > 0
        release()
        guard let peer, peer.end == nil else { return }
        if hadUnread, loop.random.oneIn(2) { return peer.otherEndReset() }
        peer.otherEndClosed()
    }

    public override func closeAfterSending(lingering: TimeSpan) {
        guard state == .open || state == .connecting else { return }
        let silent = StreamHandler()
        nobody = silent
        handler = silent
        held.removeAll()
        if state == .connecting || end != nil { return close() }
        state = .lingering
        isReceivingPaused = false
        loop.schedule(at: loop.now + lingering) { [weak self] in self?.close() }
        sayGoodbyeIfSent()
        wake()
    }

    // MARK: The simulator's side

    var isConnecting: Bool { state == .connecting }

    /// Whether the owner has closed it.
    public var isClosing: Bool { state == .lingering || state == .closed }

    /// Breaks the connection: the other end hears of a reset, and may lose what it has not received.
    public func reset() {
        guard state != .closed else { return }
        release()
        peer?.otherEndReset()
    }

    /// Ends this side's bytes, as shutdown(2) does, and goes on receiving.
    public func shutdownSending() { peer?.otherEndClosed() }

    /// Neither receives nor sends for a while.
    public func stall(for span: TimeSpan) {
        stalledUntil = max(stalledUntil, loop.now + span)
    }

    func meet(_ other: SimulatedStream) {
        peer = other
        other.peer = self
        other.state = .open
    }

    func connectionMade() {
        guard state == .connecting else { return }
        state = .open
        handler.connected(self)
        if state == .open { wake() }
    }

    func failConnecting(_ reason: EndReason) {
        guard state == .connecting else { return }
        finish(reason)
    }

    // MARK: Turns

    private func wake() {
        guard !isWakeDue, state == .open || state == .lingering else { return }
        isWakeDue = true
        let time = max(loop.now + loop.latency(), stalledUntil)
        loop.schedule(at: time) { [self] in
            isWakeDue = false
            if stalledUntil > loop.now { wake() } else { takeTurn() }
        }
    }

    private func takeTurn() {
        flush()
        if state == .open, owesDrained, pending.count == 0, end == nil || end == .peerClosed {
            owesDrained = false
            handler.drained(self)
        }
        if state == .lingering { sayGoodbyeIfSent() }
        if state == .open { receive() }
        if state == .lingering { discard() }
        if socket.count > 0, !isReceivingPaused { wake() }
    }

    /// Moves what is pending into the other end's socket, as far as that has room.
    private func flush() {
        guard let peer, pending.count > 0, stalledUntil <= loop.now else { return }
        guard peer.state != .closed else { return pending.removeAll() }
        let room = min(max(0, peer.socketSize - peer.socket.count), pending.count)
        guard room > 0 else { return }
        if let tamper = loop.tamper {
            var piece = pending.prefix(room)
            pending.removeFirst(room)
            tamper(&piece, self)
            peer.socket.append(piece.span)
        } else {
            pending.move(room, to: &peer.socket)
        }
        peer.wake()
    }

    private func receive() {
        if isReceivingPaused { return endWhilePaused() }
        let new = socket.count == 0 ? 0 : loop.random.oneIn(2) ? socket.count : 1 + loop.random.below(socket.count)
        if new > 0 {
            socket.move(new, to: &held)
            peer?.wake()
        }
        let isAskedFor = isRedeliveryWanted && held.count > 0
        isRedeliveryWanted = false
        if new > 0 || isAskedFor { deliver() }
        guard state == .open, socket.count == 0, let end else { return }
        if isRedeliveryWanted || isReceivingPaused && held.count > 0 { return wake() }
        finish(end)
    }

    private func deliver() {
        // A copy that shares its storage: the handler may close the stream, which drops the held bytes.
        let bytes = held
        let consumed = handler.received(bytes.span, on: self)
        precondition(consumed >= 0 && consumed <= bytes.count, "a handler consumes what it was given")
        guard state == .open else { return }
        held.removeFirst(consumed)
        notePeak()
    }

    private func endWhilePaused() {
        guard let end else { return }
        if end != .peerClosed || held.count == 0 && socket.count == 0 { finish(end) }
    }

    private func discard() {
        socket.removeAll()
        peer?.wake()
        if end != nil { close() }
    }

    private func sayGoodbyeIfSent() {
        if pending.count == 0 { peer?.otherEndClosed() }
    }

    private func otherEndClosed() {
        guard end == nil else { return }
        end = .peerClosed
        wake()
    }

    private func otherEndReset() {
        guard state != .closed, end == nil || end == .peerClosed else { return }
        end = .failed(errno: 104)
        if loop.random.oneIn(2) { socket.removeAll() }
        pending.removeAll()
        wake()
    }

    private func finish(_ reason: EndReason) {
        let handler = handler
        close()
        handler.ended(self, reason)
    }

    private func release() {
        state = .closed
        pending.removeAll()
        held.removeAll()
        socket.removeAll()
        loop.open[ObjectIdentifier(self)] = nil
        guard let peer else { return }
        peer.wake()
        // The pair keeps itself alive no longer than either end is open.
        if peer.state == .closed {
            peer.peer = nil
            self.peer = nil
        }
    }

    private func notePeak() {
        guard loop.isWatched(handler) else { return }
        loop.peakBytes = max(loop.peakBytes, pending.count, held.count)
    }
}
