/// The way of the event loops to hear of their sockets, as `--io-backend` names it.
public enum IOBackend: String, CaseIterable, Sendable {
    /// io_uring where the system allows it, else epoll.
    case auto
    /// epoll(7): the system tells which sockets have something, and each receive and each send is a call.
    case epoll
    /// io_uring(7): receives and sends are handed over together, one call a turn of the loop.
    case ioUring = "io_uring"
}
