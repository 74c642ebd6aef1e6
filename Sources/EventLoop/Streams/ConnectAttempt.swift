internal import CLinux
internal import Glibc
internal import Pooling

/// The way of one stream from its call to `connect` to the connection: address by address, until time is up.
///
/// It is a handler for the sake of its deadline only.
final class ConnectAttempt: StreamHandler {
    /// When all of it is over at the latest.
    let limit: MonotonicTime
    /// Nil once the stream is connected or closed; not weak, which would make every retain of the stream a slow one.
    private unowned var stream: SocketStream?
    /// Invariant: used only while the stream is connecting, and a loop closes its streams before it dies.
    private unowned(unsafe) let loop: SocketLoop
    private var addresses: ArraySlice<SocketAddress> = []
    private var failure = EndReason.connectTimeout

    init(of stream: SocketStream, until limit: MonotonicTime, loop: SocketLoop) {
        self.stream = stream
        self.limit = limit
        self.loop = loop
    }

    /// The stream waits no more.
    func letGo() {
        stream = nil
        loop.setDeadline(nil, for: self)
    }

    /// Tries the addresses in their order; `error` is the failure where there are none.
    func start(with addresses: [SocketAddress], otherwise error: Int32) {
        self.addresses = addresses[...]
        failure = .failed(errno: error)
        tryNext()
    }

    /// Ends the stream in the next turn.
    func giveUp(_ reason: EndReason) {
        stream?.failConnecting(reason)
    }

    /// The present address has failed.
    func failed(with error: Int32) {
        failure = .failed(errno: error)
        stream?.dropDescriptor()
        tryNext()
    }

    override func deadlinePassed(_ now: MonotonicTime) {
        guard let stream else { return }
        failure = .connectTimeout
        stream.dropDescriptor()
        guard now < limit else { return giveUp(.connectTimeout) }
        tryNext()
    }

    private func tryNext() {
        guard let stream else { return }
        while let address = addresses.popFirst() {
            // A silent address may use up its share of the time only.
            let share = limit.since(loop.now).nanoseconds / UInt64(addresses.count + 1)
            loop.setDeadline(loop.now + TimeSpan(nanoseconds: share), for: self)
            let error = begin(address, for: stream)
            if error == 0 { return }
            failure = .failed(errno: error)
        }
        giveUp(failure)
    }

    /// Starts to connect; returns an errno, or 0 where the poller will tell.
    private func begin(_ address: SocketAddress, for stream: SocketStream) -> Int32 {
        let descriptor = openSocket(family: address.family)
        guard descriptor >= 0 else { return errno }
        if address.family != AF_UNIX { setStreamOptions(on: descriptor) }
        let status = address.withPointer { Glibc.connect(descriptor, $0, $1) }
        let error = status == 0 ? 0 : errno
        if error == 0 || error == EINPROGRESS {
            return stream.adopt(descriptor, peer: address)
        }
        close(descriptor)
        if error == EAGAIN, address.family == AF_UNIX {
            retry(address)
            return 0
        }
        return error
    }

    /// A unix socket whose backlog is full refuses at once, and there is no event for its having room again.
    private func retry(_ address: SocketAddress) {
        loop.schedule(at: loop.now + .milliseconds(5)) { [weak self] in
            guard let self, stream != nil else { return }
            addresses = [address] + addresses
            tryNext()
        }
    }
}
