/// The phases of a connection, in order; the words of hooks, logs and metrics.
public enum Phase: UInt8, BitwiseCopyable, CaseIterable, Sendable {
    /// A client has connected; where to?
    case connect
    /// The backend's greeting has arrived.
    case handshake
    /// The client's login packet has arrived.
    case auth
    /// The backend has answered the login.
    case authResult
    /// A command of the client has arrived.
    case query
    /// A command is about to go to the backend: the client's own, or an injected one.
    case statement
    /// The answer to an injected query has arrived.
    case result
    /// The connection ends; told exactly once, whatever happened.
    case disconnect
}

/// A set of phases.
public struct PhaseSet: OptionSet, BitwiseCopyable, Hashable, Sendable {
    /// One bit a phase.
    public var rawValue: UInt8

    /// The set with the given bits.
    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// The set of one phase.
    public init(_ phase: Phase) {
        rawValue = 1 << phase.rawValue
    }

    /// Whether hooks must see each command whole before it is sent.
    var areAboutCommands: Bool {
        rawValue & (1 << Phase.query.rawValue | 1 << Phase.statement.rawValue) != 0
    }

    /// Whether the phase is in the set.
    public func contains(_ phase: Phase) -> Bool {
        rawValue & (1 << phase.rawValue) != 0
    }
}
