internal import CLinux
internal import Glibc

extension SocketStream {
    /// Takes over a descriptor that is connecting; returns an errno, or 0.
    func adopt(_ descriptor: Int32, peer: SocketAddress) -> Int32 {
        self.descriptor = descriptor
        self.peer = peer
        let error = register()
        if error != 0 { dropDescriptor() }
        return error
    }

    /// Closes the descriptor of an address that did not answer.
    func dropDescriptor() {
        guard descriptor >= 0 else { return }
        unregister()
        Glibc.close(descriptor)
        descriptor = -1
    }

    /// Ends the stream, still connecting, in the next turn.
    func failConnecting(_ reason: EndReason) {
        end = reason
        enqueue()
    }

    /// Says whether the stream is connected now, and open after the handler has heard of it.
    func finishConnecting(_ events: UInt32) -> Bool {
        let outcome = EPOLLOUT.rawValue | EPOLLERR.rawValue | EPOLLHUP.rawValue
        guard events & outcome != 0, let attempt else { return false }
        let error = takeError(of: descriptor)
        guard error == 0 else {
            attempt.failed(with: error)
            return false
        }
        self.attempt = nil
        state = .open
        opened()
        handler.connected(self)
        guard state == .open else { return false }
        if pending.count > 0 { flush() } else { watchWriting(false) }
        return state == .open
    }
}
