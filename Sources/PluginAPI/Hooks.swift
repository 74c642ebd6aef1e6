/// Asked when a client has connected, and again after every backend that could not be reached.
public protocol ConnectHook: PluginWorker {
    /// Decides where the session goes.
    func connect(_ session: Session) -> ConnectVerdict
}

/// Asked when the backend's greeting has arrived.
public protocol HandshakeHook: PluginWorker {
    /// Decides on the greeting.
    ///
    /// - Parameter packet: the greeting's payload, as the client would get it.
    func handshake(_ packet: Span<UInt8>, in session: Session) -> HandshakeVerdict
}

/// Asked when the client's login has arrived.
public protocol AuthHook: PluginWorker {
    /// Decides on the login.
    ///
    /// - Parameter packet: the payload of the client's HandshakeResponse41.
    func auth(_ packet: Span<UInt8>, in session: Session) -> AuthVerdict
}

/// Asked for every packet with which the backend answers a login.
public protocol AuthResultHook: PluginWorker {
    /// Decides on the answer.
    ///
    /// - Parameter packet: the payload: OK, ERR, an auth switch or more data.
    func authResult(_ packet: Span<UInt8>, in session: Session) -> AuthResultVerdict
}

/// Asked when a whole command of the client has arrived.
public protocol QueryHook: PluginWorker {
    /// Decides on the command.
    func query(_ command: borrowing CommandView, in session: Session) -> QueryVerdict
}

/// Asked about every command just before it goes to the backend, behind the query hooks: the client's own, or each of
/// those that a query hook has injected in its place.
///
/// Every command byte but COM_QUIT's comes by, also those without an answer.
public protocol StatementHook: PluginWorker {
    /// Decides on the command; what is ordered for it goes to ``Session/orders``.
    func statement(_ command: borrowing CommandView, in session: Session) -> StatementVerdict
}

/// Told what became of every command that statement hooks are asked about, exactly once each, whatever happened.
public protocol AnswerHook: PluginWorker {
    /// Takes notice of the answer.
    ///
    /// An answer of the backend's has gone to the client by now, as it came; one that injections wait for goes to
    /// their result hook behind this.
    func answered(_ answer: AnswerView, in session: Session)
}

/// Asked when the answer to a query that this plugin has injected is complete.
public protocol ResultHook: PluginWorker {
    /// Decides what the client sees of the answer.
    func result(_ result: borrowing ResultView, in session: Session) -> ResultVerdict
}

/// Told when a session ends, exactly once for every session whose connect phase was begun.
public protocol DisconnectHook: PluginWorker {
    /// Takes leave of the session.
    func disconnect(_ session: Session)
}

/// Told once, when the loop drains and its last session has ended: whatever the worker has open is to be closed now.
public protocol DrainHook: PluginWorker {
    /// Closes what is open; the loop runs on until the last stream is closed.
    func sessionsEnded()
}
