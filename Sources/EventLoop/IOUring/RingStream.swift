internal import CLinux
internal import CRing
internal import Glibc

/// A byte stream on io_uring: one request receives for as long as the stream is open and not paused.
final class RingStream: SocketStream {
    /// Requests that have not completed for the last time.
    private(set) var requests: UInt16 = 0
    /// Which of the stream's descriptors requests are about: those of an earlier one mean nothing.
    private var generation: UInt8 = 0
    private var isReceiving = false
    private var isReceivingCancelled = false
    private var isHangUpWatched = false
    /// Whether the outbox knows of the stream.
    private(set) var isSender = false
    /// What is sent at the end of the turn.
    private var run = Outbox.Run()

    /// The streams of a RingLoop, and no others, are RingStreams.
    private var owner: RingLoop { unsafeDowncast(loop, to: RingLoop.self) }

    /// The owner without a count of references, for what happens with every query.
    @inline(__always)
    private func withOwner<Result>(_ body: (RingLoop) -> Result) -> Result {
        Unmanaged.passUnretained(owner)._withUnsafeGuaranteedRef(body)
    }

    // MARK: Requests

    override func register() -> Int32 {
        let isStarted = state == .connecting ? startWatchingWriting() : startReceiving()
        return isStarted ? 0 : EAGAIN
    }

    override func unregister() {
        cancelRequests()
        generation &+= 1
        (isReceiving, isReceivingCancelled, isWritingWatched, isHangUpWatched) = (false, false, false, false)
    }

    /// Asks for the end of every request; each still completes.
    func cancelRequests() {
        if isReceiving { stopReceiving() }
        if isWritingWatched { cancel(.writing) }
        if isHangUpWatched { cancel(.hangUp) }
    }

    override func withdraw() -> Bool { owner.withdraw(self) }

    /// Every request is over, and its completion seen.
    func requestsWithdrawn() {
        requests = 0
        (isReceiving, isReceivingCancelled, isWritingWatched, isHangUpWatched) = (false, false, false, false)
    }

    private func target(_ kind: RequestTarget.Kind) -> UInt64 {
        RequestTarget(kind, self, generation: generation).bits
    }

    private func cancel(_ kind: RequestTarget.Kind) {
        if owner.takesRequests { cring_cancel(owner.ring, target(kind)) }
    }

    /// Counts the request as over if it is; says whether it was one about the present descriptor.
    private func noteCompletion(_ completion: cring_completion) -> Bool {
        let isPresent = RequestTarget(bits: completion.target).generation == generation
        if cring_has_more(completion.flags) == 0 {
            requests -= 1
            if requests == 0, state == .closed { owner.left(self) }
        }
        return isPresent && state != .closed
    }

    // MARK: Receiving

    private func startReceiving() -> Bool {
        guard cring_receive(owner.ring, descriptor, target(.receive)) != 0 else { return false }
        (isReceiving, isReceivingCancelled) = (true, false)
        requests += 1
        return true
    }

    private func stopReceiving() {
        guard !isReceivingCancelled else { return }
        isReceivingCancelled = true
        cancel(.receive)
    }

    override func opened() {
        if !startReceiving() { sendFailed(EAGAIN) }
    }

    /// Bytes have come, into memory that is given back afterwards.
    func received(_ bytes: UnsafeRawBufferPointer, _ completion: cring_completion) {
        guard noteCompletion(completion) else { return }
        let isLast = cring_has_more(completion.flags) == 0
        if isLast { isReceiving = false }
        take(bytes)
        if isLast { goOnReceiving() }
    }

    private func take(_ bytes: UnsafeRawBufferPointer) {
        if isReceivingPaused {
            held.append(bytes)
            // What more there is stays with the system, which slows the peer down.
            if isReceiving { stopReceiving() }
        } else if held.count > 0 {
            held.append(bytes)
            isRedeliveryWanted = false
            deliverHeld()
        } else {
            isRedeliveryWanted = false
            let consumed = deliver(bytes)
            // A stream whose handler has just done with it wants no more.
            guard state == .open, lingering == nil else { return }
            held.append(UnsafeRawBufferPointer(rebasing: bytes[consumed...]))
        }
    }

    /// The request is over without bytes.
    func receivingEnded(_ completion: cring_completion) {
        guard noteCompletion(completion) else { return }
        isReceiving = false
        switch completion.result {
        case -ENOBUFS:
            owner.buffers.ranOut()
            isReadable = true
        // It was our wish, as more had come than was wanted.
        case -ECANCELED: isReadable = true
        case -EINTR, -EAGAIN: break
        case 0: cameToEnd(.peerClosed)
        default: cameToEnd(.failed(errno: -completion.result))
        }
        goOnReceiving()
    }

    private func cameToEnd(_ reason: EndReason) {
        end = sendError == 0 ? reason : .failed(errno: sendError)
        isPeerGone = true
        if isReceivingPaused { noticeEndWhilePaused() } else { redeliver() }
    }

    /// Receives again where that is wanted, once the request before is over.
    private func goOnReceiving() {
        guard state == .open, !isReceiving else { return }
        if isReceivingPaused {
            watchHangUp()
        } else if end != nil {
            return
        } else if sendError != 0 {
            // What the peer said before its end is read without the ring.
            isReadable = true
            enqueue()
        } else if isReadable {
            // A call that takes all there is costs less than a request that is withdrawn again, or finds no buffer.
            enqueue()
        } else if !startReceiving() {
            sendFailed(EAGAIN)
        }
    }

    override func receive() {
        if sendError != 0, isReceiving, !isReceivingPaused { return stopReceiving() }
        receiveWhatIsReadable()
        if sendError == 0 { goOnReceiving() }
    }

    // MARK: The peer's end in a pause

    private func watchHangUp() {
        guard !isHangUpWatched else { return }
        // Errors are told in any case.
        let events = isPeerGone ? 0 : EPOLLRDHUP.rawValue
        isHangUpWatched = cring_poll(owner.ring, descriptor, events, 0, target(.hangUp)) != 0
        if isHangUpWatched { requests += 1 }
    }

    func hangUpSeen(_ completion: cring_completion) {
        guard noteCompletion(completion) else { return }
        isHangUpWatched = false
        // A stream that receives again hears of the end in order.
        guard completion.result > 0, state == .open, isReceivingPaused else { return }
        isPeerGone = true
        noticeEndWhilePaused()
        let isAllOver = completion.result & (POLLERR | POLLHUP) != 0
        if state == .open, !isAllOver { watchHangUp() }
    }

    // MARK: Sending

    override var hasPutOff: Bool { run.count > 0 }

    override func putOff(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let isTaken = bytes.count <= Outbox.largestPiece && withOwner { $0.outbox.append(bytes, to: &run) }
        if isTaken {
            if !isSender { withOwner { $0.outbox.enter(self) } }
            isSender = true
            return true
        }
        guard run.count > 0 else { return false }
        sendPutOff()
        if pending.count > 0 { pending.append(bytes) }
        return pending.count > 0 || sendError != 0
    }

    override func sendPutOff() {
        guard run.count > 0 else { return }
        let bytes = owner.outbox.bytes(of: run)
        run.count = 0
        sendNow(bytes)
    }

    /// The turn is over: hands the bytes to the ring.
    func requestSend() {
        guard run.count > 0 else { return }
        let isRequested = withOwner { owner in
            let bytes = owner.outbox.bytes(of: run)
            return cring_send(owner.ring, descriptor, bytes.baseAddress, bytes.count, target(.send)) != 0
        }
        if !isRequested { sendPutOff() }
    }

    /// The system has taken less than all of the bytes.
    func sendEnded(_ result: Int32) {
        let bytes = owner.outbox.bytes(of: run)
        run.count = 0
        switch result {
        case 0...: keepRest(of: bytes, after: Int(result))
        case -EAGAIN, -EINTR: keepRest(of: bytes, after: 0)
        default: sendFailed(-result)
        }
    }

    /// The system has taken the bytes.
    func forgetPutOff() {
        run.count = 0
        isSender = false
    }

    private func startWatchingWriting() -> Bool {
        guard cring_poll(owner.ring, descriptor, UInt32(POLLOUT), 0, target(.writing)) != 0 else { return false }
        isWritingWatched = true
        requests += 1
        return true
    }

    override func watchWriting(_ isWanted: Bool) {
        guard isWanted, !isWritingWatched else { return }
        if !startWatchingWriting() { sendFailed(EAGAIN) }
    }

    /// The socket is connected, or has room again, or has failed.
    func writingReady(_ completion: cring_completion) {
        guard noteCompletion(completion) else { return }
        isWritingWatched = false
        guard completion.result >= 0 else { return }
        if state == .connecting {
            _ = finishConnecting(UInt32(completion.result))
        } else if pending.count > 0 {
            flush()
        }
    }
}
