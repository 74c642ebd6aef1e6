/// What a session machine wants done about an event: one step on each side, and perhaps a question to the hooks.
///
/// The driver performs in this order: the client's step, the backend's step, the question, the end.
public struct Answer: BitwiseCopyable, Equatable, Sendable {
    /// How many of the bytes in hand are dealt with; a question's bytes only count once it is decided.
    public var consumed = 0
    /// What to do on the client's side.
    public var client = ClientStep.none
    /// What to do on the backend's side.
    public var backend = BackendStep.none
    /// The phase whose hooks are asked; the machine waits for the matching `…Decided` event.
    public var consult: Phase?
    /// The session is over; both sides are closed, pending bytes sent first.
    public var end: EndCause?

    /// An answer; by itself it says to wait.
    public init(
        consumed: Int = 0, client: ClientStep = .none, backend: BackendStep = .none, consult: Phase? = nil,
        end: EndCause? = nil
    ) {
        self.consumed = consumed
        self.client = client
        self.backend = backend
        self.consult = consult
        self.end = end
    }

    /// Nothing to do until the next event.
    public static let wait = Self()
}

/// A step on the client's side.
public enum ClientStep: BitwiseCopyable, Equatable, Sendable {
    /// Nothing.
    case none
    /// Send the consumed bytes to the client.
    case relay
    /// Send the consumed bytes, one packet, to the client under this sequence id.
    case relayAs(sequence: UInt8)
    /// Keep the consumed bytes for the result hook.
    case keep
    /// Keep the consumed bytes, then send all that is kept to the client and forget it.
    case relayKept
    /// Drop the consumed bytes.
    case discard
    /// Send the decision's payloads to the client, framed from this sequence id on.
    case send(sequence: UInt8)
    /// Send what is kept, its packets numbered anew from this sequence id on.
    case sendKept(sequence: UInt8)
    /// Send this ERR.
    case notify(Notice, sequence: UInt8)

    /// Whether there is nothing to do.
    @inlinable public var isNone: Bool {
        if case .none = self { true } else { false }
    }
}

/// A step on the backend's side.
public enum BackendStep: BitwiseCopyable, Equatable, Sendable {
    /// Nothing.
    case none
    /// Connect to the backend that the decision names.
    case connect
    /// Send the consumed bytes to the backend.
    case relay
    /// Send the consumed bytes, one packet, to the backend under this sequence id.
    case relayAs(sequence: UInt8)
    /// Send COM_RESET_CONNECTION.
    case sendReset
    /// Send COM_INIT_DB with the session's default schema.
    case sendSchema
    /// The connection is ready for the command that waits: decide it with `commandDecided`.
    case resumeCommand
    /// Close the connection, which is of no use, take another one if there is one, and tell `backendReplaced`.
    case replace
    /// Send the decision's payload to the backend, framed from this sequence id on.
    case send(sequence: UInt8)
    /// Send the next injected query, framed from sequence id 0 on, and tell `injectionSent`.
    case sendInjection
}
