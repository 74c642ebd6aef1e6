import EventLoop
import PluginAPI
import Pooling
import ProxyCore

/// A session's way to a server inside the process, in the place of a backend's stream.
///
/// Bytes go through without a copy where the other side takes them at once. Neither side is called by its own call: what a
/// server says while it is spoken to waits for the next turn, what a session sends while it is delivered to for the end of
/// the delivery.
final class LocalStream: ByteStream {
    // In an order that leaves no gaps: small ones first, behind the base class's last byte.
    private var isReceivingPaused = false
    private var isSending = false
    private var isDelivering = false
    private var isWakeDue = false
    /// Whether the server has hung up.
    private var isEnding = false
    private unowned(unsafe) let loop: EventLoop
    private var server: (any LocalServer)?
    /// Said by the server, not consumed by the session.
    private var held: [UInt8] = []
    /// Sent by the session during a delivery.
    private var queued: [UInt8] = []
    /// What the server says of the answer that it delivers at this moment.
    private var told: UnsafePointer<ResultSummary>?

    init(to server: any LocalServer, handler: StreamHandler, tag: UInt8, loop: EventLoop) {
        self.server = server
        self.loop = loop
        super.init(handler: handler, tag: tag)
    }

    /// What the server says of the answer that it delivers at this moment, where it is whole.
    var toldSummary: ResultSummary? { told?.pointee }

    /// What the session has set, as far as the server knows.
    var resultSettings: [UInt8]? { server?.resultSettings }

    /// Connects, in a later turn.
    func connect() {
        loop.schedule(at: loop.now) { [self] in
            guard let server else { return }
            handler.connected(self)
            server.begin(self)
        }
    }

    // MARK: What administrators ask

    /// What the server says of the client; nil where it keeps no account.
    var activity: SessionActivity? { server?.activity }

    /// Has the server end the statement, or the session; false where it can't.
    func kill(onlyStatement: Bool) -> Bool { server?.kill(onlyStatement: onlyStatement) ?? false }

    // MARK: The session's side

    override var peerAddress: String { "" }
    override var localAddress: String { "" }
    override var pendingBytes: Int { queued.count + (server?.pendingBytes ?? 0) }
    override var heldBytes: Int { held.count }
    override var isPaused: Bool { isReceivingPaused }

    override func send(_ bytes: Span<UInt8>) {
        guard let server, !isEnding else { return }
        if isDelivering || isSending {
            bytes.withUnsafeBufferPointer { queued.append(contentsOf: $0) }
            return
        }
        isSending = true
        server.received(bytes)
        isSending = false
        sendQueued()
    }

    private func sendQueued() {
        while !queued.isEmpty, !isSending, !isDelivering, let server {
            let bytes = queued
            queued = []
            isSending = true
            server.received(bytes.span)
            isSending = false
        }
    }

    override func pauseReceiving() {
        guard !isReceivingPaused else { return }
        isReceivingPaused = true
        server?.clientPaused(true)
    }

    override func resumeReceiving() {
        if isReceivingPaused {
            isReceivingPaused = false
            server?.clientPaused(false)
        }
        if !held.isEmpty || isEnding { wake() }
    }

    override func close() {
        guard let server else { return }
        self.server = nil
        held = []
        queued = []
        server.ended()
    }

    override func closeAfterSending(lingering: TimeSpan) { close() }

    // MARK: Turns

    private func wake() {
        guard !isWakeDue, server != nil else { return }
        isWakeDue = true
        loop.schedule(at: loop.now) { [self] in
            isWakeDue = false
            redeliver()
        }
    }

    private func redeliver() {
        guard server != nil, !isReceivingPaused else { return }
        if !held.isEmpty {
            let bytes = held
            held = []
            hand(bytes.span)
        }
        // What the session has not taken by now it never will: no more comes.
        guard isEnding, let server, !isReceivingPaused, !isWakeDue else { return }
        self.server = nil
        held = []
        server.ended()
        handler.ended(self, .peerClosed)
    }

    private func hand(_ bytes: Span<UInt8>) {
        isDelivering = true
        // Not retained: the session is kept through the turn, and is every local stream's handler.
        let consumed = Unmanaged.passUnretained(handler)._withUnsafeGuaranteedRef { $0.received(bytes, on: self) }
        isDelivering = false
        guard server != nil else { return }
        if consumed < bytes.count {
            let rest = bytes.extracting(consumed...)
            held = rest.withUnsafeBufferPointer { Array($0) } + held
        }
        sendQueued()
    }
}

extension LocalStream: LocalClient {
    func deliver(_ bytes: Span<UInt8>) {
        guard server != nil, !bytes.isEmpty else { return }
        if isSending || isDelivering || isReceivingPaused || !held.isEmpty {
            bytes.withUnsafeBufferPointer { held.append(contentsOf: $0) }
            return wake()
        }
        hand(bytes)
    }

    func deliver(_ bytes: Span<UInt8>, whole summary: ResultSummary) {
        withUnsafePointer(to: summary) { summary in
            told = summary
            deliver(bytes)
            told = nil
        }
    }

    func drained() {
        guard server != nil else { return }
        handler.drained(self)
    }

    func hangUp() {
        isEnding = true
        wake()
    }
}
