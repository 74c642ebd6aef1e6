internal import CLinux
internal import Glibc

extension SocketStream {
    /// Up to here held bytes are copied in front of new ones; more of them stay, and the new ones are received behind.
    private var copiedHeldLimit: Int { loop.scratch.count / 16 }

    func resume() {
        guard state != .closed else { return }
        isReceivingPaused = false
        isRedeliveryWanted = true
        enqueue()
    }

    /// One turn's receiving: at most one read, at most one delivery of new bytes.
    func receiveWhatIsReadable() {
        if isReceivingPaused {
            if isPeerGone { noticeEndWhilePaused() }
        } else if end != nil || !isReadable {
            redeliver()
        } else if held.count <= copiedHeldLimit {
            receiveIntoScratch()
        } else {
            receiveBehindHeld()
        }
    }

    private func receiveIntoScratch() {
        let scratch = loop.scratch
        let old = held.count
        if old > 0 { scratch.copyMemory(from: held.bytes) }
        let room = UnsafeMutableRawBufferPointer(rebasing: scratch[old...])
        let new = read(into: room)
        guard new > 0 else { return readEnded(new) }
        noteRead(new, of: room.count)
        let total = old + new
        let consumed = deliver(UnsafeRawBufferPointer(start: scratch.baseAddress, count: total))
        guard state == .open else { return }
        // A stream whose handler has just done with it has dropped what was held, and wants no more.
        if old > 0 || consumed < total, lingering == nil {
            if old > 0 { held.removeFirst(min(consumed, old)) }
            held.append(UnsafeRawBufferPointer(rebasing: scratch[max(consumed, old)..<total]))
        }
        if isReadable { continueLater() }
    }

    private func receiveBehindHeld() {
        let room = held.reserve(loop.scratch.count / 2)
        let new = read(into: room)
        guard new > 0 else { return readEnded(new) }
        noteRead(new, of: room.count)
        held.commit(new)
        deliverHeld()
        if isReadable { continueLater() }
    }

    /// recv, without the interruptions: a count, 0 at the end, or a negative errno.
    private func read(into room: UnsafeMutableRawBufferPointer) -> Int {
        while true {
            let count = clinux_receive(descriptor, room.baseAddress, room.count)
            if count != -Int(EINTR) { return count }
        }
    }

    /// A short read empties the socket (epoll(7)), unless the peer's end waits behind the bytes.
    private func noteRead(_ count: Int, of room: Int) {
        isReadable = count == room || isPeerGone
        isRedeliveryWanted = false
    }

    func deliver(_ bytes: UnsafeRawBufferPointer) -> Int {
        let typed = bytes.assumingMemoryBound(to: UInt8.self)
        let consumed = hand(typed)
        assert(consumed >= 0 && consumed <= bytes.count, "a handler consumes what it was given")
        return min(max(consumed, 0), bytes.count)
    }

    /// Calls the handler; what its owner keeps is not retained, which costs more than all the rest of it.
    private func hand(_ bytes: UnsafeBufferPointer<UInt8>) -> Int {
        let handler = Unmanaged.passUnretained(handler)
        guard handler._withUnsafeGuaranteedRef({ $0.isKeptThroughTurn }) else {
            return handler.takeUnretainedValue().received(bytes.span, on: self)
        }
        return handler._withUnsafeGuaranteedRef { $0.received(bytes.span, on: self) }
    }

    func deliverHeld() {
        isDeliveringHeld = true
        let consumed = deliver(held.bytes)
        isDeliveringHeld = false
        if state == .open { held.removeFirst(consumed) } else { held.removeAll() }
    }

    /// Asks for another turn to read more, or to notice an end in a pause.
    private func continueLater() {
        guard state == .open, !isReceivingPaused || isPeerGone else { return }
        enqueue()
    }

    // MARK: The end

    private func readEnded(_ status: Int) {
        if status == -Int(EAGAIN) {
            isReadable = false
            if sendError != 0 { end = .failed(errno: sendError) }
        } else if sendError != 0 {
            end = .failed(errno: sendError)
        } else {
            end = status == 0 ? .peerClosed : .failed(errno: Int32(-status))
        }
        redeliver()
    }

    /// Delivers held bytes that were asked for, then tells the end where it has come.
    func redeliver() {
        if isRedeliveryWanted {
            isRedeliveryWanted = false
            if held.count > 0 { deliverHeld() }
        }
        guard state == .open, let end else { return }
        // Asked again, or paused in the callback: the end waits for the bytes.
        if isRedeliveryWanted || isReceivingPaused && held.count > 0 { return }
        finish(end)
    }

    /// Tells the end of a paused stream: an error at once, an orderly end once nothing is left to be delivered.
    func noticeEndWhilePaused() {
        if sendError != 0 { return finish(.failed(errno: sendError)) }
        if let end, end != .peerClosed { return finish(end) }
        let error = takeError(of: descriptor)
        if error != 0 { return finish(.failed(errno: error)) }
        if held.count == 0, end != nil || clinux_receivable_bytes(descriptor) == 0 { finish(.peerClosed) }
    }
}
