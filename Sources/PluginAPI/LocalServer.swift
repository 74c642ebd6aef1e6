public import ProxyCore

/// A MySQL server inside the process that stands where a session's backend would: it greets, logs the client in, and
/// answers one command after the other.
///
/// Everything happens on the session's loop. What it says goes out by its ``LocalClient``, never while one of these
/// methods runs that the session itself calls: such answers are delivered in a later turn.
public protocol LocalServer: AnyObject {
    /// The session is there; the time to greet.
    func begin(_ client: any LocalClient)

    /// Bytes have come that the session sends to its backend: packets of the login or of commands, perhaps in pieces.
    func received(_ bytes: Span<UInt8>)

    /// The session takes no more for now, or does again.
    func clientPaused(_ isPaused: Bool)

    /// As ``Session/resultSettings``.
    var resultSettings: [UInt8]? { get }

    /// Bytes that were received and that no server has taken yet.
    var pendingBytes: Int { get }

    /// The session has ended, or takes another backend; nothing can be said any more. Called exactly once.
    func ended()

    /// What the client does at this moment, as far as the server knows; nil where it keeps no account of it.
    var activity: SessionActivity? { get }

    /// An administrator wants the statement under way to end, or the session altogether.
    ///
    /// - Returns: false where the server can't do that, and has done nothing.
    func kill(onlyStatement: Bool) -> Bool
}

extension LocalServer {
    /// Nothing.
    public var activity: SessionActivity? { nil }

    /// It can't.
    public func kill(onlyStatement: Bool) -> Bool { false }
}

extension LocalServer {
    /// Not known.
    public var resultSettings: [UInt8]? { nil }
}

/// The way back to a local server's session; it belongs to the session's loop.
public protocol LocalClient: AnyObject {
    /// Gives the session bytes as its backend's; what it doesn't consume is held and counts as taken.
    func deliver(_ bytes: Span<UInt8>)

    /// Gives the session a whole answer that the server has read already, and which says that: it isn't read once more.
    ///
    /// - Parameter summary: of an answer without ERR and without changes of the session's state.
    func deliver(_ bytes: Span<UInt8>, whole summary: ResultSummary)

    /// Everything that was pending is taken: ``LocalServer/pendingBytes`` has come to 0.
    func drained()

    /// The session loses its backend after the bytes delivered before.
    func hangUp()
}
