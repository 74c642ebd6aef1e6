internal import CLinux
internal import CRing
internal import Glibc
internal import Pooling

/// An event loop on io_uring: one call a turn hands over what is to be sent and brings what was received.
///
/// Whatever has a request under way is kept by the loop until the request's last completion.
final class RingLoop: SocketLoop, @unchecked Sendable {
    let ring: OpaquePointer
    /// What is sent at the end of the turn.
    var outbox = Outbox(capacity: 256 * 1024)
    /// What streams receive into.
    var buffers: ReceiveBuffers

    /// Invariant: those from `position` on, up to `fetched`, are still to be handled.
    private var completions: UnsafeMutableBufferPointer<cring_completion>
    private var position = 0
    private var fetched = 0

    /// Closed streams whose requests are not over.
    private var leaving = StreamTable<RingStream>()
    /// Listeners whose request is not over.
    private var watched: [Acceptor] = []
    private var isMailboxWatched = false
    /// Whether requests make sense: not once the loop goes.
    private(set) var takesRequests = true

    /// Opens a ring.
    ///
    /// - Parameter scratchBytes: the size of the memory that a long result is received into, and a quarter of what many
    ///   streams share.
    /// - Throws: the system's error, for instance where io_uring is forbidden.
    init(index: Int, scratchBytes: Int) throws(SystemError) {
        let mailbox = try Mailbox()
        let bufferBytes = max(scratchBytes, Self.leastScratch) / ReceiveBuffers.fewest
        let sizes = cring_sizes(
            requests: 1024, completions: 4096, buffers: UInt32(ReceiveBuffers.count),
            buffer_bytes: UInt32(bufferBytes))
        var opened: OpaquePointer?
        let status = cring_open(sizes, &opened)
        guard status == 0, let opened else { throw SystemError(errno: status, call: "io_uring_setup") }
        ring = opened
        buffers = ReceiveBuffers(of: opened, size: bufferBytes)
        completions = .allocate(capacity: 4096)
        super.init(index: index, mailbox: mailbox, scratchBytes: scratchBytes)
    }

    deinit {
        takesRequests = false
        releaseStreams()
        cring_close(ring)
        outbox.free()
        completions.deallocate()
    }

    override var backend: IOBackend { .ioUring }

    override func begin() { cring_enable(ring) }

    override func end() {
        handOver(atMost: .milliseconds(0))
        cring_leave(ring)
    }

    // MARK: A turn

    override func wait(atMost span: TimeSpan?) -> Int {
        keepUnhandled()
        buffers.turnBegins()
        let before = fetched
        let hasWork = before > 0 || span?.nanoseconds == 0
        // What the work sends goes with the rest, in the next turn.
        guard !sparesCall(hasWork: hasWork) else { return 0 }
        if !isMailboxWatched {
            isMailboxWatched = cring_poll(ring, mailbox.descriptor, pollIn, 1, RequestTarget(.mailbox).bits) != 0
        }
        handOver(atMost: hasWork ? .milliseconds(0) : span)
        return fetched - before
    }

    /// Sends what was put off together with all other requests, and waits.
    private func handOver(atMost span: TimeSpan?) {
        outbox.forEachSender { $0.requestSend() }
        cring_wait(ring, span.map { Int64(min($0.nanoseconds, 3_600_000_000_000)) } ?? -1)
        let before = fetched
        fetch()
        guard outbox.hasSenders else { return }
        // Before anything else, and before the bytes go: what the system has not taken.
        for index in before..<fetched where RequestTarget(bits: completions[index].target).kind == .send {
            withStream(of: completions[index]) { $0.sendEnded(completions[index].result) }
        }
        outbox.forEachSender { $0.forgetPutOff() }
        outbox.clear()
    }

    /// Moves what an earlier turn has fetched and not handled to the front.
    private func keepUnhandled() {
        let left = fetched - position
        for index in 0..<left { completions[index] = completions[position + index] }
        (position, fetched) = (0, left)
    }

    /// Takes all completions out of the ring.
    private func fetch() {
        while true {
            let room = completions.count - fetched
            let taken = cring_take(ring, completions.baseAddress.map { $0 + fetched }, UInt32(room))
            fetched += Int(taken)
            guard taken == room else { return }
            let larger = UnsafeMutableBufferPointer<cring_completion>.allocate(capacity: completions.count * 2)
            _ = larger.update(fromContentsOf: completions)
            completions.deallocate()
            completions = larger
        }
    }

    override func handleEvents() -> Bool {
        var hasMail = false
        while position < fetched {
            let completion = completions[position]
            position += 1
            switch RequestTarget(bits: completion.target).kind {
            case .none, .send: break
            case .mailbox:
                hasMail = true
                if cring_has_more(completion.flags) == 0 { isMailboxWatched = false }
            case .listener: listenerReady(completion)
            case .receive: received(completion)
            case .writing: withStream(of: completion) { $0.writingReady(completion) }
            case .hangUp: withStream(of: completion) { $0.hangUpSeen(completion) }
            }
        }
        return hasMail
    }

    /// The stream is alive: `streams` holds it or, until the last completion of its requests, `leaving`.
    private func withStream(of completion: cring_completion, _ body: (RingStream) -> Void) {
        guard let pointer = RequestTarget(bits: completion.target).pointer else { return }
        Unmanaged<RingStream>.fromOpaque(pointer)._withUnsafeGuaranteedRef(body)
    }

    // MARK: Receiving

    /// Delivers what came for one stream in buffers that are neighbours as if it had come in one.
    private func received(_ first: cring_completion) {
        let number = Int(cring_buffer(first.flags))
        guard first.result > 0, number >= 0 else {
            return withStream(of: first) { $0.receivingEnded(first) }
        }
        var last = first
        var (count, next) = (Int(first.result), number + 1)
        while position < fetched, count == (next - number) * buffers.size {
            let following = completions[position]
            guard following.target == first.target, following.result > 0, Int(cring_buffer(following.flags)) == next
            else { break }
            position += 1
            count += Int(following.result)
            next += 1
            last = following
        }
        withStream(of: first) { $0.received(buffers.bytes(in: number, count: count), last) }
        buffers.giveBack(from: number, filledBy: count)
    }

    // MARK: Streams

    override func stream(connecting handler: StreamHandler, tag: UInt8) -> SocketStream {
        RingStream(connecting: handler, tag: tag, loop: self)
    }

    override func stream(accepted descriptor: Int32, from peer: SocketAddress) -> SocketStream {
        RingStream(accepted: descriptor, from: peer, loop: self)
    }

    override func stream(
        adopting descriptor: Int32, peer: SocketAddress?, handler: StreamHandler, tag: UInt8
    ) -> SocketStream {
        RingStream(adopting: descriptor, peer: peer, handler: handler, tag: tag, loop: self)
    }

    override func forget(_ stream: SocketStream) {
        super.forget(stream)
        // The streams of this loop, and no others, are RingStreams.
        let stream = unsafeDowncast(stream, to: RingStream.self)
        outbox.keep(stream)
        if stream.requests > 0, takesRequests { leaving.insert(stream) }
    }

    /// The last request of a closed stream is over.
    func left(_ stream: RingStream) {
        bury(stream)
        leaving.remove(stream)
    }

    /// Ends the stream's requests; says whether all are over without anything having come for it.
    ///
    /// What has come is handled later in this turn or in the next one, as are requests that are not over yet.
    func withdraw(_ stream: RingStream) -> Bool {
        stream.cancelRequests()
        var mine: [Int] = []
        // The system does a bounded piece of work a call; a few of them bring the ends of requests that just wait.
        for _ in 0..<4 {
            cring_wait(ring, 0)
            fetch()
            mine = (position..<fetched).filter { isOf(stream, completions[$0]) }
            if mine.count >= Int(stream.requests) { break }
        }
        let isOver = mine.count == Int(stream.requests) && mine.allSatisfy { completions[$0].result == -ECANCELED }
        guard isOver else { return false }
        for index in mine { completions[index].target = RequestTarget(.none).bits }
        stream.requestsWithdrawn()
        return true
    }

    private func isOf(_ stream: RingStream, _ completion: cring_completion) -> Bool {
        let pointer = RequestTarget(bits: completion.target).pointer
        return pointer == UnsafeRawPointer(Unmanaged.passUnretained(stream).toOpaque())
    }

    // MARK: Listeners

    /// Asks to be told once, and again after a bounded number was accepted: a multishot accept would take a burst of
    /// thousands in one turn, and descriptors up to the last one. Exclusive, so that one of the loops that share a unix
    /// socket wakes up.
    override func watch(_ acceptor: Acceptor) {
        acceptor.isWatched = true
        guard !watched.contains(where: { $0 === acceptor }) else { return }
        let target = RequestTarget(.listener, acceptor)
        let events = pollIn | EPOLLEXCLUSIVE.rawValue
        if cring_poll(ring, acceptor.listener.descriptor, events, 0, target.bits) != 0 { watched.append(acceptor) }
    }

    override func unwatch(_ acceptor: Acceptor) {
        acceptor.isWatched = false
        guard takesRequests, watched.contains(where: { $0 === acceptor }) else { return }
        cring_cancel(ring, RequestTarget(.listener, acceptor).bits)
        // At once, since the request keeps the socket open that its owner may be about to close.
        cring_wait(ring, 0)
    }

    private func listenerReady(_ completion: cring_completion) {
        let target = RequestTarget(bits: completion.target)
        guard let index = watched.firstIndex(where: { RequestTarget(.listener, $0) == target }) else { return }
        let acceptor = watched.remove(at: index)
        if acceptor.isWatched { accept(from: acceptor) }
        if acceptor.isWatched { watch(acceptor) }
    }
}

private let pollIn = UInt32(POLLIN)
