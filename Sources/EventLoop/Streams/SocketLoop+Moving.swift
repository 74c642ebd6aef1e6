internal import Glibc
internal import Streams

// A quiet stream moves to another loop with its socket: the old loop forgets the descriptor, the new one learns it.

/// The socket of a stream between two loops, held by one thread at a time.
final class DetachedSocket: DetachedStream {
    let descriptor: Int32
    let peer: SocketAddress?
    /// Whether a loop has taken the descriptor over; written by the one thread that holds the value.
    nonisolated(unsafe) var isTaken = false

    init(descriptor: Int32, peer: SocketAddress?) {
        self.descriptor = descriptor
        self.peer = peer
    }

    deinit {
        if !isTaken { close(descriptor) }
    }
}

extension SocketLoop {
    func release(_ stream: ByteStream) -> (any DetachedStream)? {
        guard let stream = stream as? SocketStream, stream.isQuiet else { return nil }
        guard stream.withdraw() else { return nil }
        let detached = DetachedSocket(descriptor: stream.descriptor, peer: stream.peer)
        stream.descriptor = -1
        stream.close()
        return detached
    }

    func takeIn(_ stream: any DetachedStream, handler: StreamHandler, tag: UInt8) -> ByteStream? {
        guard let detached = stream as? DetachedSocket, !detached.isTaken else { return nil }
        detached.isTaken = true
        return self.stream(adopting: detached.descriptor, peer: detached.peer, handler: handler, tag: tag)
    }
}

extension SocketStream {
    /// Whether nothing is on its way in or out that this process knows of.
    fileprivate var isQuiet: Bool {
        state == .open && lingering == nil && end == nil && sendError == 0 && !isPeerGone && held.count == 0
            && pending.count == 0 && !isDeliveringHeld && !hasPutOff
    }
}
