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
}

/// What a hook is called with.
enum LuaArgument {
    case none
    /// A payload as a string.
    case packet([UInt8])
    /// A table with the payload as its field `packet`.
    case table(packet: [UInt8])
    case injection(LuaInjection)

    /// Bytes that calling with it takes, beyond the script's own doing.
    var size: Int {
        switch self {
        case .none, .injection: 0
        case .packet(let bytes), .table(let bytes): bytes.count
        }
    }

    /// Pushes it; answers how many values that were.
    func push(on frame: inout LuaFrame) throws(LuaError) -> Int {
        switch self {
        case .none: return 0
        case .packet(let bytes): try frame.push(bytes)
        case .injection(let injection): try frame.push(injection)
        case .table(let bytes):
            try frame.pushTable(fields: 1)
            try frame.push(bytes)
            try frame.popIntoField("packet", of: frame.count - 1)
        }
        return 1
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

    /// Reads a hook's first result.
    init(_ frame: borrowing LuaFrame, at index: Int, of hook: LuaHook) throws(LuaError) {
        guard let number = frame.number(at: index) else {
            self = .none
            return
        }
        guard let integer = frame.integer(at: index), integer != 0, let known = Self(rawValue: integer) else {
            throw LuaError(
                "\(hook.rawValue) returned \(number): return nothing, proxy.PROXY_SEND_QUERY, "
                    + "proxy.PROXY_SEND_RESULT or proxy.PROXY_IGNORE_RESULT")
        }
        self = known
    }
}
