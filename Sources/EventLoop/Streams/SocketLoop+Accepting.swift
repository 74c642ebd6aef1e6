internal import CLinux
internal import Glibc
internal import Pooling

/// A listening socket in one loop.
final class Acceptor {
    let listener: ListeningSocket
    let accepted: (ByteStream) -> StreamHandler?
    /// Whether the loop tells of its connections.
    var isWatched = false
    /// How many connections to take at once, and the turn in which some were taken last.
    private var (allowance, lastTurn): (Int, UInt64) = (1, 0)

    /// The most connections taken in one turn.
    private static let most = 64

    init(listener: ListeningSocket, accepted: @escaping (ByteStream) -> StreamHandler?) {
        self.listener = listener
        self.accepted = accepted
    }

    /// How many connections to take in this turn.
    ///
    /// One, as a second call would most often find no other. In a burst there are some again in the next turn, or the one
    /// behind it where that asked for no events: the number doubles then.
    func allowance(in turn: UInt64) -> Int {
        allowance = turn <= lastTurn &+ 2 ? min(max(allowance * 2, 1), Self.most) : 1
        lastTurn = turn
        return allowance
    }

    /// No other connection waits.
    func tookLast() { allowance = 0 }
}

/// The pause in accepting while descriptors or memory are short.
struct AcceptPause {
    /// Whether no listener is watched at present.
    var isPaused = false
    /// When accepting failed last: a failure soon after it belongs to the same episode.
    var lastFailure: MonotonicTime?

    static let length = TimeSpan.milliseconds(100)
    static let episode = TimeSpan.seconds(10)
}

extension SocketLoop {
    func add(_ acceptor: Acceptor) {
        acceptors.append(acceptor)
        if !acceptPause.isPaused { watch(acceptor) }
    }

    func removeAcceptors() {
        let dismissed = acceptors
        acceptors = []
        for acceptor in dismissed { unwatch(acceptor) }
    }

    func accept(from acceptor: Acceptor) {
        for _ in 0..<acceptor.allowance(in: work.turns) {
            var descriptor: Int32 = -1
            let peer = SocketAddress { address, size in
                descriptor = clinux_accept(acceptor.listener.descriptor, address, size)
                return descriptor
            }
            if let peer {
                open(descriptor, from: peer, acceptor)
            } else if acceptFailed(with: errno, acceptor) {
                return
            }
            // The callback may have stopped accepting.
            guard acceptors.contains(where: { $0 === acceptor }) else { return }
        }
    }

    private func open(_ descriptor: Int32, from peer: SocketAddress, _ acceptor: Acceptor) {
        let stream = stream(accepted: descriptor, from: peer)
        guard let handler = acceptor.accepted(stream) else {
            stream.close()
            return
        }
        // The callback may have said its last word already.
        if stream.lingering == nil { stream.handler = handler }
    }

    /// Says whether to stop accepting for this turn.
    private func acceptFailed(with error: Int32, _ acceptor: Acceptor) -> Bool {
        switch error {
        case EAGAIN:
            acceptor.tookLast()
            return true
        case EBADF, EINVAL: return true
        // The peer is gone already, or its network (accept(2)): on to the next one.
        case EINTR, ECONNABORTED, EPROTO, EPERM, ENETDOWN, ENOPROTOOPT, EHOSTDOWN, ENONET, EHOSTUNREACH, ENETUNREACH:
            return false
        default:
            pauseAccepting(for: error)
            return true
        }
    }

    private func pauseAccepting(for error: Int32) {
        let isNewEpisode = acceptPause.lastFailure.map { now.since($0) > AcceptPause.episode } ?? true
        acceptPause.lastFailure = now
        if !acceptPause.isPaused {
            acceptPause.isPaused = true
            for acceptor in acceptors { unwatch(acceptor) }
            schedule(at: now + AcceptPause.length) { [unowned self] in resumeAccepting() }
        }
        if isNewEpisode { onAcceptPaused?(SystemError(errno: error, call: "accept")) }
    }

    /// Watches the listeners again; their waiting connections are told at once.
    func resumeAccepting() {
        guard acceptPause.isPaused else { return }
        acceptPause.isPaused = false
        for acceptor in acceptors { watch(acceptor) }
    }
}
