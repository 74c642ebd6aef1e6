internal import CLinux
internal import Glibc

extension SocketStream {
    func transmit(_ bytes: Span<UInt8>) {
        guard state != .closed, sendError == 0, !bytes.isEmpty else { return }
        bytes.withUnsafeBytes { bytes in
            guard state == .open, pending.count == 0 else { return pending.append(bytes) }
            if !putOff(bytes) { sendNow(bytes) }
        }
    }

    /// Sends as far as the socket takes it, while nothing else is pending; the rest is.
    func sendNow(_ bytes: UnsafeRawBufferPointer) {
        let sent = write(bytes)
        guard sent >= 0 else { return sendFailed(Int32(-sent)) }
        if sent < bytes.count { keepRest(of: bytes, after: sent) }
    }

    /// Keeps what the socket has not taken, to be sent when there is room again.
    func keepRest(of bytes: UnsafeRawBufferPointer, after sent: Int) {
        guard sent < bytes.count else { return }
        pending.append(UnsafeRawBufferPointer(rebasing: bytes[sent...]))
        watchWriting(true)
    }

    /// Sends what is pending, as far as the socket takes it.
    func flush() {
        let sent = write(pending.bytes)
        guard sent >= 0 else { return sendFailed(Int32(-sent)) }
        pending.removeFirst(sent)
        watchWriting(pending.count > 0)
        if pending.count == 0 { handler.drained(self) }
    }

    /// send, without the interruptions: a count, 0 where the socket is full, or a negative errno.
    private func write(_ bytes: UnsafeRawBufferPointer) -> Int {
        while true {
            let count = clinux_send(descriptor, bytes.baseAddress, bytes.count)
            if count >= 0 { return count }
            if count == -Int(EAGAIN) { return 0 }
            if count != -Int(EINTR) { return count }
        }
    }

    /// Nothing more can be sent: what the peer said before its end is still received, then the error is told.
    func sendFailed(_ error: Int32) {
        sendError = error
        pending.removeAll()
        isPeerGone = true
        isReadable = true
        enqueue()
    }
}
