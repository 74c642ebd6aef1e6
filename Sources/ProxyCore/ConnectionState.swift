/// Where a connection is between its accept and its end; the names are mysql-proxy's.
///
/// mysql-proxy's other SEND states have no counterpart: sending never waits here, back-pressure pauses the sender instead.
public enum ConnectionState: UInt8, BitwiseCopyable, CaseIterable, Sendable {
    /// INIT: accepted, nothing decided.
    case initial
    /// CONNECT_SERVER: a backend is chosen and connected.
    case connectServer
    /// READ_HANDSHAKE: the backend's greeting is awaited.
    case readHandshake
    /// READ_AUTH: the client's login is awaited.
    case readAuth
    /// READ_AUTH_RESULT: the backend's answer to the login is awaited.
    case readAuthResult
    /// READ_AUTH_OLD_PASSWORD: the backend has asked for more; either side may speak.
    case readAuthOldPassword
    /// READ_QUERY: a command is awaited.
    case readQuery
    /// SEND_QUERY: a command is on its way to the backend and has not arrived whole from the client.
    case sendQuery
    /// A parked backend connection is brought to the session's state, before a command goes to it.
    case prepareBackend
    /// READ_QUERY_RESULT: the backend's answer is awaited, or under way.
    case readQueryResult
    /// READ_LOCAL_INFILE_DATA: the client sends a file that the backend has asked for.
    case readLocalInfileData
    /// SEND_QUERY_RESULT without an end: a binlog stream, relayed both ways without a look.
    case endlessResult
    /// CLOSE_CLIENT: the session has ended.
    case closed
}

extension ConnectionState: CustomStringConvertible {
    /// The name as mysql-proxy's users know it.
    public var description: String {
        switch self {
        case .initial: "INIT"
        case .connectServer: "CONNECT_SERVER"
        case .readHandshake: "READ_HANDSHAKE"
        case .readAuth: "READ_AUTH"
        case .readAuthResult: "READ_AUTH_RESULT"
        case .readAuthOldPassword: "READ_AUTH_OLD_PASSWORD"
        case .readQuery: "READ_QUERY"
        case .sendQuery: "SEND_QUERY"
        case .prepareBackend: "PREPARE_BACKEND"
        case .readQueryResult: "READ_QUERY_RESULT"
        case .readLocalInfileData: "READ_LOCAL_INFILE_DATA"
        case .endlessResult: "SEND_QUERY_RESULT"
        case .closed: "CLOSE_CLIENT"
        }
    }

    /// Whether the client's login is not finished.
    public var isBeforeLogin: Bool {
        switch self {
        case .initial, .connectServer, .readHandshake, .readAuth, .readAuthResult, .readAuthOldPassword: true
        case .readQuery, .sendQuery, .prepareBackend, .readQueryResult, .readLocalInfileData, .endlessResult,
            .closed:
            false
        }
    }
}
