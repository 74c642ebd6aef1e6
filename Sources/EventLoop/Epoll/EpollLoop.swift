internal import CLinux
internal import Glibc
internal import Pooling

/// An event loop on epoll: every stream is registered once, edge-triggered, and costs no further epoll_ctl.
final class EpollLoop: SocketLoop, @unchecked Sendable {
    let poller: Int32
    private let events: UnsafeMutableBufferPointer<epoll_event>
    /// How many of the events the last wait has filled in.
    private var fetched = 0

    /// Opens a poller.
    ///
    /// - Parameter scratchBytes: the size of the memory that all streams of this loop receive into, one after the other.
    /// - Throws: the system's error, for instance where no file descriptors are left.
    init(index: Int, scratchBytes: Int) throws(SystemError) {
        let mailbox = try Mailbox()
        let poller = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard poller >= 0 else { throw .last("epoll_create1") }
        let status = clinux_epoll_control(
            poller, EPOLL_CTL_ADD, mailbox.descriptor, EPOLLIN.rawValue | EPOLLET.rawValue, EventTarget.mailbox)
        guard status == 0 else {
            close(poller)
            throw SystemError(errno: status, call: "epoll_ctl")
        }
        self.poller = poller
        events = .allocate(capacity: 256)
        super.init(index: index, mailbox: mailbox, scratchBytes: scratchBytes)
    }

    deinit {
        releaseStreams()
        for acceptor in acceptors { unwatch(acceptor) }
        close(poller)
        events.deallocate()
    }

    override var backend: IOBackend { .epoll }

    // MARK: Events

    override func wait(atMost span: TimeSpan?) -> Int {
        guard !sparesCall(hasWork: span?.nanoseconds == 0) else {
            fetched = 0
            return 0
        }
        let count = clinux_epoll_wait(poller, events.baseAddress, Int32(events.count), Self.milliseconds(span))
        fetched = max(0, Int(count))
        return fetched
    }

    /// Rounded up, so that a timer is due after the wait; -1 is for ever.
    private static func milliseconds(_ span: TimeSpan?) -> Int32 {
        guard let nanoseconds = span?.nanoseconds else { return -1 }
        return Int32(min(nanoseconds / 1_000_000 + (nanoseconds % 1_000_000 == 0 ? 0 : 1), 3_600_000))
    }

    override func handleEvents() -> Bool {
        var hasMail = false
        for index in 0..<fetched {
            let event = events[index]
            if event.data.u64 == EventTarget.mailbox { hasMail = true } else { dispatch(event) }
        }
        return hasMail
    }

    private func dispatch(_ event: epoll_event) {
        let address = event.data.u64
        if EventTarget.isAcceptor(address) {
            guard let acceptor = acceptors.first(where: { EventTarget.of($0) == address }) else { return }
            accept(from: acceptor)
        } else if let pointer = UnsafeRawPointer(bitPattern: UInt(address)) {
            // The stream is alive: `streams` or, had it been closed in this turn, `graveyard` holds it.
            Unmanaged<EpollStream>.fromOpaque(pointer)._withUnsafeGuaranteedRef { $0.handle(event.events) }
        }
    }

    // MARK: Listeners

    /// Level-triggered, so that a bounded number can be accepted a turn; exclusive, so that one of the loops that
    /// share a unix socket wakes up.
    override func watch(_ acceptor: Acceptor) {
        guard !acceptor.isWatched else { return }
        let events = EPOLLIN.rawValue | EPOLLEXCLUSIVE.rawValue
        let target = EventTarget.of(acceptor)
        let descriptor = acceptor.listener.descriptor
        acceptor.isWatched = clinux_epoll_control(poller, EPOLL_CTL_ADD, descriptor, events, target) == 0
    }

    override func unwatch(_ acceptor: Acceptor) {
        guard acceptor.isWatched else { return }
        acceptor.isWatched = false
        _ = clinux_epoll_control(poller, EPOLL_CTL_DEL, acceptor.listener.descriptor, 0, 0)
    }

    // MARK: Streams

    override func stream(connecting handler: StreamHandler, tag: UInt8) -> SocketStream {
        EpollStream(connecting: handler, tag: tag, loop: self)
    }

    override func stream(accepted descriptor: Int32, from peer: SocketAddress) -> SocketStream {
        EpollStream(accepted: descriptor, from: peer, loop: self)
    }

    override func stream(
        adopting descriptor: Int32, peer: SocketAddress?, handler: StreamHandler, tag: UInt8
    ) -> SocketStream {
        EpollStream(adopting: descriptor, peer: peer, handler: handler, tag: tag, loop: self)
    }
}

/// What an epoll event's 64 bits mean: 0 is the mailbox, an odd number an acceptor, else it is a stream's address.
private enum EventTarget {
    static let mailbox: UInt64 = 0

    static func of(_ acceptor: Acceptor) -> UInt64 {
        UInt64(UInt(bitPattern: Unmanaged.passUnretained(acceptor).toOpaque())) | 1
    }

    static func isAcceptor(_ address: UInt64) -> Bool { address & 1 == 1 }
}
