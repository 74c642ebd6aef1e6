public import Pooling
public import Synchronization

/// Whether a server of a hostgroup may be used; the words of `mysql_servers`.
public enum ServerStatus: UInt8, CaseIterable, Sendable, AtomicRepresentable {
    /// It serves.
    case online
    /// It gets no new statements; what is pinned to its connections goes on to its end.
    case offlineSoft
    /// Its connections are closed.
    case offlineHard
}

extension ServerStatus: CustomStringConvertible {
    /// The word of `mysql_servers`.
    public var description: String {
        switch self {
        case .online: "ONLINE"
        case .offlineSoft: "OFFLINE_SOFT"
        case .offlineHard: "OFFLINE_HARD"
        }
    }

    /// The status of the word, in any case; nil for another word.
    public init?(word: String) {
        guard let status = Self.allCases.first(where: { $0.description == word.uppercased() }) else { return nil }
        self = status
    }
}

/// A server as a member of one hostgroup: what of a row of `mysql_servers` has an effect.
public struct ServerRow: Equatable, Sendable {
    /// The largest weight.
    public static let largestWeight = 10_000_000
    /// The hostgroup of the servers for reads and writes; the one that statements go to when nothing else is said.
    public static let readWriteHostgroup = 0
    /// The hostgroup of the servers for reads only that are given by option.
    public static let readOnlyHostgroup = 1

    /// The hostgroup's number, from 0 on.
    public var hostgroup: Int
    /// The server.
    public var endpoint: Endpoint
    /// Whether the hostgroup may use it.
    public var status: ServerStatus
    /// Its share of the hostgroup's new statements beside the others' weights, up to ``largestWeight``; 0 for none.
    public var weight: Int
    /// The most connections to the server; nil for the usual number.
    public var maxConnections: Int?
    /// Whatever the administrator has written beside it.
    public var comment: String

    /// A row with the given values.
    public init(
        hostgroup: Int, endpoint: Endpoint, status: ServerStatus = .online, weight: Int = 1,
        maxConnections: Int? = nil, comment: String = ""
    ) {
        self.hostgroup = hostgroup
        self.endpoint = endpoint
        self.status = status
        self.weight = weight
        self.maxConnections = maxConnections
        self.comment = comment
    }

    /// Whether the hostgroup gives the server new statements while it is up.
    public var takesStatements: Bool { status == .online && weight > 0 && maxConnections != 0 }
}
