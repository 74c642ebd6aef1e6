import LuaVM

/// The functions that a script may define.
enum LuaHook: String {
    case connectServer = "connect_server"
    case readHandshake = "read_handshake"
    case readAuth = "read_auth"
    case readAuthResult = "read_auth_result"
    case readQuery = "read_query"
    case readQueryResult = "read_query_result"
    case disconnectClient = "disconnect_client"

    /// How Lua finds it; every read_query begins with an empty `proxy.response`.
    var entry: LuaEntry {
        switch self {
        case .connectServer: LuaEntry("connect_server")
        case .readHandshake: LuaEntry("read_handshake")
        case .readAuth: LuaEntry("read_auth")
        case .readAuthResult: LuaEntry("read_auth_result")
        case .readQuery: LuaEntry("read_query", fresh: "response")
        case .readQueryResult: LuaEntry("read_query_result")
        case .disconnectClient: LuaEntry("disconnect_client")
        }
    }
}

/// What a hook has returned.
enum LuaDecision: Int64 {
    /// nil, nothing, or what isn't a number.
    case none = 0
    /// proxy.PROXY_SEND_QUERY
    case sendQuery = 1
    /// proxy.PROXY_SEND_RESULT
    case sendResult = 2
    /// proxy.PROXY_IGNORE_RESULT
    case ignoreResult = 4

    /// Reads a hook's first result; nil where the script doesn't have the hook.
    init?(_ answer: LuaAnswer, of hook: LuaHook) throws(LuaError) {
        switch answer {
        case .absent: return nil
        case .none, .no: self = .none
        case .number(let number): throw Self.unknown("\(number)", hook)
        case .integer(let number):
            guard number != 0, let known = Self(rawValue: number) else { throw Self.unknown("\(number)", hook) }
            self = known
        }
    }

    private static func unknown(_ number: String, _ hook: LuaHook) -> LuaError {
        LuaError(
            "\(hook.rawValue) returned \(number): return nothing, proxy.PROXY_SEND_QUERY, proxy.PROXY_SEND_RESULT or "
                + "proxy.PROXY_IGNORE_RESULT")
    }
}
