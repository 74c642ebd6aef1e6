internal import Glibc
import Locking
public import Pooling

/// A bound and listening socket; opened before the loops run, closed when the process drains.
public final class ListeningSocket: Sendable {
    /// Where it really listens: the port that the system chose, where 0 was asked for.
    public let endpoint: Endpoint
    /// The proxy's end of every connection that is accepted, as streams tell it; nil where that may be any of the
    /// machine's addresses.
    public let address: String?
    /// The socket.
    let descriptor: Int32
    /// The unix socket's file, to be removed at the end if it is still the same.
    private let file: SocketFile?
    private let isClosed = Lock(false)

    /// A socket that listens already.
    init(endpoint: Endpoint, descriptor: Int32, file: SocketFile? = nil) {
        self.endpoint = endpoint
        self.descriptor = descriptor
        let bound = SocketAddress { getsockname(descriptor, $0, $1) }
        address = bound.flatMap { $0.isAny ? nil : $0.text }
        self.file = file
    }

    deinit { close() }

    /// Closes the socket and removes a unix socket's file; every loop must have stopped accepting from it.
    ///
    /// Closing twice does nothing.
    public func close() {
        let wasClosed = isClosed.withLock { isClosed in
            defer { isClosed = true }
            return isClosed
        }
        guard !wasClosed else { return }
        file?.remove()
        Glibc.close(descriptor)
    }
}

/// The file of a bound unix socket, known by its place in the file system.
struct SocketFile: Sendable, Equatable {
    let path: String
    private let device: dev_t
    private let inode: ino_t

    /// The socket file at `path`; nil where there is none, or something else.
    init?(at path: String) {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else { return nil }
        self.path = path
        device = status.st_dev
        inode = status.st_ino
    }

    /// Removes the file, unless another one has taken its place.
    func remove() {
        if Self(at: path) == self { unlink(path) }
    }

    /// Whether nobody accepts there any more: a live server, even a busy one, does not refuse.
    var isStale: Bool {
        guard let address = SocketAddress(unixPath: path) else { return false }
        let descriptor = openSocket(family: AF_UNIX)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return address.withPointer { connect(descriptor, $0, $1) } != 0 && errno == ECONNREFUSED
    }
}
