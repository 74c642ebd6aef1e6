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

    /// Whether the phase is in the set.
    public func contains(_ phase: Phase) -> Bool {
        rawValue & (1 << phase.rawValue) != 0
    }
}
