import SQLText

/// Who sends a statement, as far as rules compare it; a session keeps one up to date.
///
/// It is an object, as handing its names round by value costs more than comparing them.
final class RouteSubject {
    /// The user that logged in.
    var username: SessionName
    /// The default schema; empty for none.
    var schemaname: SessionName
    /// The client's address without its port.
    var clientAddress: SessionName
    /// The address that the client connected to, without its port.
    var proxyAddress: SessionName
    /// The port that the client connected to; nil for none, as with a socket in the file system.
    var proxyPort: UInt16?

    init(
        username: SessionName = .empty, schemaname: SessionName = .empty, clientAddress: SessionName = .empty,
        proxyAddress: SessionName = .empty, proxyPort: UInt16? = nil
    ) {
        self.username = username
        self.schemaname = schemaname
        self.clientAddress = clientAddress
        self.proxyAddress = proxyAddress
        self.proxyPort = proxyPort
    }
}

/// A name with its hash, so that a session's names are hashed once.
struct SessionName: Equatable, Sendable {
    static let empty = Self([])

    let bytes: [UInt8]
    let hash: UInt64

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        hash = bytes.withUnsafeBufferPointer { Hashing.hash($0) }
    }
}

/// What is to be decided.
struct RouteQuestion: BitwiseCopyable, Equatable, Sendable {
    enum Kind: Sendable {
        /// A client's statement.
        case statement
        /// A prepared statement's execution, whose text can't be rewritten any more.
        case execution
        /// A copy of a statement for a mirror: comments are no hints to it.
        case mirror
    }

    var kind = Kind.statement
    /// The flag that rules are entered with; nil goes to the fast routes at once, as mirrors without mirror_flagOUT do.
    var flag: UInt32? = 0
    /// Whether the scratch memory's ``DigestCache`` already has this statement's digest.
    var isDigestKnown = false
}

/// Settings of the whole process that decisions depend on.
struct RouteSettings: BitwiseCopyable, Equatable, Sendable {
    /// How often a statement's rules begin anew after a change of flag (mysql-query_processor_iterations).
    var iterations: UInt32 = 0
    /// How digests are made, for `digest` and `match_digest`.
    var digest = DigestOptions()
    /// Whether the first comment may hold hints.
    var takesHints = true
    /// The most bytes that a rewritten statement may have (mysql-max_allowed_packet).
    var longestText = 64 << 20
    /// Whether hit counters count; not so for EXPLAIN ROUTE.
    var countsHits = true
}
