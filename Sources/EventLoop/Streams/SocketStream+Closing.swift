internal import Glibc
internal import Pooling

extension SocketStream {
    func shut() {
        guard state != .closed else { return }
        sendPutOff()
        release()
        loop.forget(self)
    }

    func shutAfterSending(lingering span: TimeSpan) {
        guard state != .closed, lingering == nil else { return }
        sendPutOff()
        if sendError != 0 || end != nil { return close() }
        let lingering = LingeringClose(of: self)
        self.lingering = lingering
        handler = lingering
        if !isDeliveringHeld { held.removeAll() }
        loop.setDeadline(loop.now + span, for: lingering)
        resumeReceiving()
        if state == .open, pending.count == 0 { lingering.allSent(self) }
    }

    /// Nothing is left to be received that a close could answer with a reset, which spares three calls and a turn.
    func shutAfterGoodbye(lingering span: TimeSpan) {
        guard state == .open else { return shutAfterSending(lingering: span) }
        sendPutOff()
        if pending.count == 0 { close() } else { shutAfterSending(lingering: span) }
    }

    /// Closes, then tells the handler why.
    func finish(_ reason: EndReason) {
        let handler = handler
        close()
        handler.ended(self, reason)
    }

    /// Gives back what the stream holds of the system's, leaving the loop's table alone.
    func release() {
        guard state != .closed else { return }
        state = .closed
        attempt = nil
        lingering = nil
        dropDescriptor()
        pending.removeAll()
        if !isDeliveringHeld { held.removeAll() }
    }
}

/// The handler of a stream that its owner has done with: sends the rest, says goodbye, and waits for the peer's.
///
/// Closing at once would reset the connection where the peer has bytes under way to us, and the reset would overtake
/// the last bytes sent (RFC 1122, 4.2.2.13).
final class LingeringClose: StreamHandler {
    /// Not weak: that would make every retain of the stream a slow one.
    private unowned var stream: SocketStream?

    init(of stream: SocketStream) { self.stream = stream }

    /// The stream is closed.
    func letGo(on loop: SocketLoop) {
        stream = nil
        loop.setDeadline(nil, for: self)
    }

    /// Ends our side; the peer's end, or the deadline, closes the stream.
    func allSent(_ stream: SocketStream) {
        shutdown(stream.descriptor, Int32(SHUT_WR))
    }

    override func connected(_ stream: ByteStream) {
        if stream.pendingBytes == 0 { drained(stream) }
    }

    override func received(_ bytes: Span<UInt8>, on stream: ByteStream) -> Int { bytes.count }

    override func drained(_ stream: ByteStream) {
        if let stream = self.stream { allSent(stream) }
    }

    override func deadlinePassed(_ now: MonotonicTime) { stream?.close() }
}
