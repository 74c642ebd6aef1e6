internal import CLinux
internal import Glibc

/// A byte stream on epoll: it is told that there is something to receive, and receives it by a call of its own.
final class EpollStream: SocketStream {
    private var poller: Int32 {
        // The streams of an EpollLoop, and no others, are EpollStreams.
        unsafeDowncast(loop, to: EpollLoop.self).poller
    }

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

    // MARK: The poller's registration

    /// TCP sockets tell of room to send only after they lacked it, so watching for that costs nothing; a unix socket
    /// tells each time the peer reads, and is asked only while there is something to send.
    private var isWritingAlwaysWatched: Bool { peer?.family != AF_UNIX }

    override func register() -> Int32 {
        isWritingWatched = state == .connecting || isWritingAlwaysWatched
        return control(EPOLL_CTL_ADD)
    }

    /// A descriptor that a forked child still holds would stay in the poller's set without this.
    override func unregister() {
        _ = clinux_epoll_control(poller, EPOLL_CTL_DEL, descriptor, 0, 0)
    }

    /// The registration belongs to the open file, and would tell this loop of a stream that it has forgotten.
    override func withdraw() -> Bool {
        clinux_epoll_control(poller, EPOLL_CTL_DEL, descriptor, 0, 0) == 0
    }

    override func watchWriting(_ isWanted: Bool) {
        guard isWanted != isWritingWatched, !isWritingAlwaysWatched else { return }
        isWritingWatched = isWanted
        _ = control(EPOLL_CTL_MOD)
    }

    private func control(_ operation: Int32) -> Int32 {
        let writing = isWritingWatched ? EPOLLOUT.rawValue : 0
        let events = EPOLLIN.rawValue | EPOLLRDHUP.rawValue | EPOLLET.rawValue | writing
        let target = UInt64(UInt(bitPattern: Unmanaged.passUnretained(self).toOpaque()))
        return clinux_epoll_control(poller, operation, descriptor, events, target)
    }
}
