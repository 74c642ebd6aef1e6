/// Where a server listens or shall listen: a TCP host and port, or a unix socket.
public enum Endpoint: Hashable, Sendable {
    /// A host name or a literal IPv4 or IPv6 address (without brackets), and a port. An empty host means every interface.
    case tcp(host: String, port: UInt16)
    /// The path of a unix socket.
    case unix(path: String)
}

extension Endpoint {
    /// Parses `host:port`, `:port`, `[v6]:port`, `host` or `/path`, the forms of mysql-proxy's address options.
    ///
    /// - Parameter defaultPort: taken where the text names a host only.
    /// - Throws: ``EndpointError`` with the text and what is wrong with it.
    public init(parsing text: String, defaultPort: UInt16 = 3306) throws(EndpointError) {
        if text.hasPrefix("/") {
            guard text.utf8.count < 107 else {
                throw EndpointError(text: text, problem: "a unix socket's path has at most 106 bytes")
            }
            self = .unix(path: text)
            return
        }
        if text.hasPrefix("[") {
            guard let close = text.firstIndex(of: "]") else {
                throw EndpointError(text: text, problem: "the bracket of the IPv6 address is not closed")
            }
            let host = String(text[text.index(after: text.startIndex)..<close])
            let rest = text[text.index(after: close)...]
            guard !host.isEmpty, rest.isEmpty || rest.hasPrefix(":") else {
                throw EndpointError(text: text, problem: "expected [address]:port")
            }
            let port = rest.isEmpty ? defaultPort : try Self.port(rest.dropFirst(), of: text)
            self = .tcp(host: host, port: port)
            return
        }
        guard let colon = text.firstIndex(of: ":") else {
            guard !text.isEmpty else { throw EndpointError(text: text, problem: "the address is empty") }
            self = .tcp(host: text, port: defaultPort)
            return
        }
        let rest = text[text.index(after: colon)...]
        guard !rest.contains(":") else {
            throw EndpointError(text: text, problem: "an IPv6 address goes in brackets, as in [::1]:3306")
        }
        self = .tcp(host: String(text[..<colon]), port: try Self.port(rest, of: text))
    }

    private static func port(_ digits: Substring, of text: String) throws(EndpointError) -> UInt16 {
        guard let port = UInt16(digits) else {
            throw EndpointError(text: text, problem: "the port is not a number from 0 to 65535")
        }
        return port
    }

    /// Whether it is a unix socket.
    public var isUnixSocket: Bool {
        switch self {
        case .unix: true
        case .tcp: false
        }
    }

    /// Whether only this machine can reach the endpoint: a unix socket, 127.0.0.0/8, ::1 or localhost.
    public var isLoopback: Bool {
        switch self {
        case .unix: true
        case .tcp(let host, _): host == "localhost" || host == "::1" || host.hasPrefix("127.")
        }
    }
}

extension Endpoint: CustomStringConvertible {
    /// The endpoint as its options take it: `host:port`, `[v6]:port` or the path.
    public var description: String {
        switch self {
        case .unix(let path): path
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        }
    }
}

/// An address that can't be understood.
public struct EndpointError: Error, Equatable, CustomStringConvertible, Sendable {
    /// The text as it was given.
    public let text: String
    /// What is wrong with it.
    public let problem: String

    /// The whole message.
    public var description: String {
        "'\(text)' is not an address: \(problem). Give host:port, [ipv6]:port or /path/of/a.sock"
    }
}
