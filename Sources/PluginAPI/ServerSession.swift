/// Makes the sessions of a server that lives inside the process, one for each client.
public protocol ServerSessionFactory: AnyObject, Sendable {
    /// A session for the client with the given connection id and address.
    ///
    /// - Parameter peer: the client's `ip:port`, or the socket's path.
    func makeSession(id: UInt32, peer: String, connection: any ServerConnection) -> any ServerSession
}

/// One client's session with a server inside the process: bytes in here, bytes out by its ``ServerConnection``.
///
/// Every method is called on the event loop's thread and must not block; long work goes to a thread of the session's
/// own, which answers through the connection.
public protocol ServerSession: AnyObject {
    /// The client is connected; the time to send the greeting.
    func begin()

    /// Bytes have come: those not consumed before, followed by new ones.
    ///
    /// - Returns: how many bytes, from the front, are consumed. The rest comes again with the next bytes, or after
    ///   ``ServerConnection/resume()``.
    func received(_ bytes: Span<UInt8>) -> Int

    /// Whether the client's login is finished; false during the handshake, which the connection gives a limited time.
    var isLoggedIn: Bool { get }

    /// The client is gone, or the process drains; nothing can be sent any more. Called exactly once.
    func ended()
}

/// The way back to a server session's client; every method may be called from every thread, and none blocks but
/// ``sendWaiting(_:)``.
public protocol ServerConnection: AnyObject, Sendable {
    /// Sends the bytes after those sent before.
    func send(_ bytes: [UInt8])

    /// Sends the bytes, and waits while too many are pending at the client; never on a loop's thread.
    ///
    /// - Returns: whether the client is still there.
    func sendWaiting(_ bytes: [UInt8]) -> Bool

    /// Asks for unconsumed bytes once more.
    func resume()

    /// The next command is expected within microseconds: worth not going to sleep for; on the loop's thread only.
    func expectCommand()

    /// Closes the connection after what was sent has gone out; the reason goes to the log.
    func close(reason: String)
}

extension ServerConnection {
    /// Where nothing sleeps, nothing has to stay awake.
    public func expectCommand() {}
}
