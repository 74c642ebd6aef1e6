public import Pooling

/// A bound and listening socket; opened before the loops run, closed when the process drains.
public final class ListeningSocket: Sendable {
    /// Where it really listens: the port that the system chose, where 0 was asked for.
    public let endpoint: Endpoint
    /// The socket.
    let descriptor: Int32

    /// A socket that listens already.
    init(endpoint: Endpoint, descriptor: Int32) {
        self.endpoint = endpoint
        self.descriptor = descriptor
    }
}
