public import Pooling

/// What statement hooks order for the statement under way, read by who sends it; fresh for each statement.
///
/// Where it goes is in ``Session/hostgroup``.
public struct StatementOrders: BitwiseCopyable, Equatable, Sendable {
    /// How long the backend may take from the moment that the statement is sent; nil for as long as it likes.
    ///
    /// The client gets ERR 1907. A ``LocalServer`` that has its own logins has the statement killed. Without one nobody
    /// can do that, as the proxy knows no password: the backend connection is closed, which has the server roll back
    /// once it notices, and the session ends behind the ERR.
    public var timeout: TimeSpan?

    /// How often a statement is sent again whose connection broke before an answer began, where that is safe; nil for
    /// the server's own rules.
    ///
    /// Only a ``LocalServer`` that chooses among connections follows it.
    public var retries: UInt16?

    /// Whether the session may change its backend connection behind the statement.
    ///
    /// Only a ``LocalServer`` that chooses among connections follows it.
    public var multiplexing = Multiplexing.unchanged

    /// The hostgroup whose transactions the statement must see, as far as its session has made them there; nil for none.
    ///
    /// Only a ``LocalServer`` that chooses among connections follows it and ``remembersGTIDs``.
    public var gtidFromHostgroup: UInt32?

    /// Whether the transaction that the statement commits is to be remembered for ``gtidFromHostgroup``.
    public var remembersGTIDs = false

    /// Up to so many bytes of the backend's answer are kept for the answer hooks while it goes to the client; 0 for none.
    public var keptBytes = 0

    /// What becomes of multiplexing.
    public enum Multiplexing: UInt8, BitwiseCopyable, Sendable {
        /// It stays as it is.
        case unchanged
        /// The session keeps its connection behind this statement, until ``on``.
        case off
        /// Takes an ``off`` back.
        case on
        /// This statement's use of user variables is no reason to keep the connection.
        case ignore
    }

    /// Nothing is ordered.
    public init() {}
}

/// A copy of a statement that runs in a session of its own, whose answer nobody sees.
public struct MirroredStatement: Equatable, Sendable {
    /// Where it goes; nil for the hostgroup of statements for which nobody has named one.
    public var hostgroup: Int?
    /// The text of its COM_QUERY.
    public var text: [UInt8]
    /// How long it may take, as ``StatementOrders/timeout``.
    public var timeout: TimeSpan?

    /// A copy with this text.
    public init(hostgroup: Int?, text: [UInt8], timeout: TimeSpan? = nil) {
        self.hostgroup = hostgroup
        self.text = text
        self.timeout = timeout
    }
}
