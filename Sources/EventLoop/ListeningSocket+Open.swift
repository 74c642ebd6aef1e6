internal import Glibc
public import Pooling

extension ListeningSocket {
    /// Opens `count` listening sockets at the endpoint, one for each loop.
    ///
    /// TCP sockets share their port, so that the system spreads the connections; with port 0 it picks one for all. Of a
    /// unix socket there is only one, which is returned `count` times. An empty host listens on every interface, IPv4
    /// and IPv6. A unix socket's file that nobody answers at is replaced.
    ///
    /// - Throws: why it can't listen there, with advice for the user.
    public static func open(_ endpoint: Endpoint, count: Int) throws(SystemError) -> [ListeningSocket] {
        switch endpoint {
        case .unix(let path):
            return Array(repeating: try openUnix(path, endpoint), count: count)
        case .tcp(let host, let port):
            var address = try address(of: host, port: port, endpoint)
            if port != 0 {
                // SO_REUSEPORT would quietly share the port with another process of this user.
                Glibc.close(try bind(to: address, endpoint, isShared: false))
            }
            var sockets: [ListeningSocket] = []
            while sockets.count < max(count, 1) {
                let socket = try openTCP(address, host, endpoint)
                sockets.append(socket)
                if port == 0, sockets.count == 1, case .tcp(_, let chosen) = socket.endpoint {
                    address = try Self.address(of: host, port: chosen, endpoint)
                }
            }
            return sockets
        }
    }

    /// Connections that wait to be accepted; the system cuts it to net.core.somaxconn.
    private static let backlog: Int32 = 4096

    // MARK: TCP

    private static func openTCP(
        _ address: SocketAddress, _ host: String, _ endpoint: Endpoint
    ) throws(SystemError) -> ListeningSocket {
        let descriptor = try bind(to: address, endpoint, isShared: true)
        setStreamOptions(on: descriptor)
        try startListening(descriptor, endpoint)
        let port = SocketAddress { getsockname(descriptor, $0, $1) }?.port ?? address.port
        return ListeningSocket(endpoint: .tcp(host: host, port: port), descriptor: descriptor)
    }

    private static func address(
        of host: String, port: UInt16, _ endpoint: Endpoint
    ) throws(SystemError) -> SocketAddress {
        if let literal = SocketAddress(literal: host.isEmpty ? anyHost : host, port: port) { return literal }
        switch NameResolution.ask(host: host, port: port) {
        case .addresses(let found):
            // A name with both kinds of address is meant, more often than not, to be reached by IPv4.
            if let address = found.first(where: { $0.family == AF_INET }) ?? found.first { return address }
            throw SystemError(errno: EADDRNOTAVAIL, call: "getaddrinfo", endpoint: endpoint)
        case .unresolved(let text):
            throw SystemError(errno: 0, call: "getaddrinfo", endpoint: endpoint, detail: text)
        }
    }

    /// Every interface, of both families where the machine has IPv6.
    private static var anyHost: String {
        let descriptor = openSocket(family: AF_INET6)
        guard descriptor >= 0 else { return "0.0.0.0" }
        Glibc.close(descriptor)
        return "::"
    }

    private static func bind(
        to address: SocketAddress, _ endpoint: Endpoint, isShared: Bool
    ) throws(SystemError) -> Int32 {
        let descriptor = openSocket(family: address.family)
        guard descriptor >= 0 else { throw .last("socket", endpoint) }
        setOption(SO_REUSEADDR, of: SOL_SOCKET, to: 1, on: descriptor)
        if isShared { setOption(SO_REUSEPORT, of: SOL_SOCKET, to: 1, on: descriptor) }
        if address.family == AF_INET6 {
            setOption(IPV6_V6ONLY, of: Int32(IPPROTO_IPV6), to: address.isAnyIPv6 ? 0 : 1, on: descriptor)
        }
        guard address.withPointer({ Glibc.bind(descriptor, $0, $1) }) == 0 else {
            throw closing(descriptor, .last("bind", endpoint))
        }
        return descriptor
    }

    // MARK: Unix sockets

    private static func openUnix(_ path: String, _ endpoint: Endpoint) throws(SystemError) -> ListeningSocket {
        guard let address = SocketAddress(unixPath: path) else {
            throw SystemError(errno: ENAMETOOLONG, call: "bind", endpoint: endpoint)
        }
        let descriptor = openSocket(family: AF_UNIX)
        guard descriptor >= 0 else { throw .last("socket", endpoint) }
        var status = address.withPointer { Glibc.bind(descriptor, $0, $1) }
        if status != 0, errno == EADDRINUSE, let old = SocketFile(at: path), old.isStale {
            old.remove()
            status = address.withPointer { Glibc.bind(descriptor, $0, $1) }
        } else if status != 0 {
            throw closing(descriptor, .last("bind", endpoint))
        }
        guard status == 0 else { throw closing(descriptor, .last("bind", endpoint)) }
        try startListening(descriptor, endpoint)
        return ListeningSocket(endpoint: endpoint, descriptor: descriptor, file: SocketFile(at: path))
    }

    // MARK: Both

    private static func startListening(_ descriptor: Int32, _ endpoint: Endpoint) throws(SystemError) {
        guard listen(descriptor, backlog) == 0 else { throw closing(descriptor, .last("listen", endpoint)) }
    }

    private static func closing(_ descriptor: Int32, _ error: SystemError) -> SystemError {
        Glibc.close(descriptor)
        return error
    }
}
