public import MySQLWire
public import Pooling

/// What a connect hook decides.
public enum ConnectVerdict {
    /// No opinion.
    case next
    /// Connect to this backend.
    case backend(Backend)
    /// Use a parked connection to this backend, of whichever user: the client's login goes to it as COM_CHANGE_USER, so
    /// that the server checks it and resets the session's state.
    ///
    /// Without a parked connection, and for a client whose capabilities aren't the connection's, as ``backend(_:)``. The
    /// handshake hooks aren't asked: the greeting is the one that the connection began with.
    case reuse(Backend)
    /// This server inside the process is the session's backend.
    case serve(any LocalServer)
    /// Greet the client with this payload; no backend is attached.
    case greet([UInt8])
    /// Tell the client this and close.
    case refuse(SQLError)
    /// Ask again after ``Session/resume()``; refused with an ERR when the deadline passes first.
    case hold(until: MonotonicTime)
}

/// What a handshake hook decides.
public enum HandshakeVerdict {
    /// No opinion: the greeting goes to the client.
    case next
    /// The client gets this payload in its place.
    case replace([UInt8])
    /// Tell the client this and close.
    case refuse(SQLError)
    /// Ask again after ``Session/resume()``.
    case hold(until: MonotonicTime)
}

/// What an auth hook decides.
public enum AuthVerdict {
    /// No opinion: the login goes to the backend.
    case next
    /// The backend gets this payload in its place.
    case replace([UInt8])
    /// The client gets this payload as the answer to its login: an OK ends the login, anything else closes.
    case answer([UInt8])
    /// Tell the client this and close.
    case refuse(SQLError)
    /// Ask again after ``Session/resume()``.
    case hold(until: MonotonicTime)
}

/// What an auth-result hook decides.
public enum AuthResultVerdict {
    /// No opinion: the answer goes to the client.
    case next
    /// The client gets this payload in its place.
    case replace([UInt8])
    /// Ask again after ``Session/resume()``.
    case hold(until: MonotonicTime)
}

/// What a query hook decides.
public enum QueryVerdict {
    /// No opinion: the command goes to the backend unchanged.
    case next
    /// These queries go to the backend, one after the other, in place of the command.
    case inject([Injection])
    /// The client gets these payloads, framed by the core, and the backend nothing.
    case answer([[UInt8]])
    /// Tell the client this; the session goes on.
    case refuse(SQLError)
    /// Ask again after ``Session/resume()``.
    case hold(until: MonotonicTime)
}

/// What a statement hook decides.
///
/// The hooks are asked in the order of `--plugins`; each sees what those before it have made of the command.
public enum StatementVerdict {
    /// No opinion.
    case next
    /// The backend gets this payload, command byte first, in place of the command; of any length but 0.
    case replace([UInt8])
    /// These payloads are the command's whole answer, framed by the core; the backend gets nothing.
    ///
    /// The answer to an injected query goes the way the backend's would. What is no answer to the command is
    /// replaced by an ERR.
    case answer([[UInt8]])
    /// As ``answer(_:)`` with the packets of a ``KeptAnswer``, which are numbered anew.
    case replay([UInt8])
    /// As ``answer(_:)`` with this error.
    case refuse(SQLError)
    /// Wait: after ``Session/resume()`` the hook is asked again; when the time has come first, the command goes on to the
    /// hooks behind this one, and this payload in its place where there is one.
    case delay(until: MonotonicTime, sending: [UInt8]? = nil)
}

/// What a result hook decides.
public enum ResultVerdict {
    /// No opinion: the answer goes to the client.
    case next
    /// The client gets these payloads in its place.
    case replace([[UInt8]])
    /// The client sees nothing of this answer.
    case drop
    /// The client gets this as with ``next`` and these queries go to the backend before those still waiting.
    case injectMore([Injection], forward: Bool)
    /// Ask again after ``Session/resume()``.
    case hold(until: MonotonicTime)
}

/// A query that a plugin sends in a session.
public struct Injection: Sendable {
    /// The plugin's own number for it; ``ResultView/id`` tells it again.
    public var id: Int
    /// The payload, command byte first; of any length.
    public var payload: [UInt8]
    /// Whether the answer is kept whole for the result hook, which may then read, replace or drop it.
    ///
    /// An answer that isn't needed goes to the client as it comes.
    public var needsResult: Bool
    /// The most bytes of the answer that are kept for the hook; a longer one isn't asked about: the client gets an ERR in
    /// its place, and what waits behind it isn't sent.
    public var keptBytes: Int

    /// An injection with the given payload.
    public init(id: Int, payload: [UInt8], needsResult: Bool = false, keptBytes: Int = 1 << 26) {
        self.id = id
        self.payload = payload
        self.needsResult = needsResult
        self.keptBytes = keptBytes
    }
}
