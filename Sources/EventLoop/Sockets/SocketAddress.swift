internal import CLinux
internal import Glibc
internal import Pooling

/// An address as the system calls take it; small, since every stream has its peer's.
struct SocketAddress {
    private enum Form {
        /// IPv4 or IPv6.
        case internet(InternetAddress)
        /// A unix socket's: what the system calls take.
        case other([UInt8])
    }

    private let form: Form

    /// What fills in an address: getsockname, getpeername, accept4; nil where it returns below 0.
    init?(filledBy call: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32) {
        var storage = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let status = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { call($0, &size) }
        }
        guard status >= 0 else { return nil }
        self.init(bytesOf: storage, count: min(Int(size), MemoryLayout<sockaddr_storage>.size))
    }

    /// A copy of what the resolver found; nil where it does not fit.
    init?(copying address: UnsafePointer<sockaddr>, length: socklen_t) {
        guard Int(length) <= MemoryLayout<sockaddr_storage>.size else { return nil }
        self.init(UnsafeRawBufferPointer(start: address, count: Int(length)))
    }

    /// A literal IPv4 or IPv6 address, without brackets.
    init?(literal host: String, port: UInt16) {
        var v4 = sockaddr_in()
        var v6 = sockaddr_in6()
        if inet_pton(AF_INET, host, &v4.sin_addr) == 1 {
            v4.sin_family = sa_family_t(AF_INET)
            v4.sin_port = port.bigEndian
            self.init(bytesOf: v4)
        } else if inet_pton(AF_INET6, host, &v6.sin6_addr) == 1 {
            v6.sin6_family = sa_family_t(AF_INET6)
            v6.sin6_port = port.bigEndian
            self.init(bytesOf: v6)
        } else {
            return nil
        }
    }

    /// A unix socket's path; nil where it is longer than the system allows.
    init?(unixPath path: String) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        let fits = withUnsafeMutableBytes(of: &address.sun_path) { room in
            guard bytes.count < room.count else { return false }
            room.copyBytes(from: bytes)
            return true
        }
        guard fits else { return nil }
        self.init(bytesOf: address)
    }

    private init<Address>(bytesOf address: Address, count: Int = MemoryLayout<Address>.size) {
        self = withUnsafeBytes(of: address) { Self(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
    }

    private init(_ bytes: UnsafeRawBufferPointer) {
        form = InternetAddress(bytes).map { .internet($0) } ?? .other(Array(bytes))
    }

    /// AF_INET, AF_INET6 or AF_UNIX.
    var family: Int32 {
        switch form {
        case .internet(let address): address.family
        case .other(let bytes): Self.family(of: bytes)
        }
    }

    private static func family(of bytes: [UInt8]) -> Int32 {
        guard bytes.count >= MemoryLayout<sa_family_t>.size else { return AF_UNSPEC }
        return bytes.withUnsafeBytes { Int32($0.loadUnaligned(as: sa_family_t.self)) }
    }

    /// Whether this is the IPv6 address of every interface.
    var isAnyIPv6: Bool { family == AF_INET6 && isAny }

    /// Whether this is the address of every interface.
    var isAny: Bool {
        guard case .internet(let address) = form else { return false }
        return ["::", "0.0.0.0"].contains(address.host)
    }

    /// Passes the address to a system call.
    func withPointer<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        var storage = sockaddr_storage()
        let length = withUnsafeMutableBytes(of: &storage) { room in
            switch form {
            case .internet(let address): return address.write(to: room)
            case .other(let bytes):
                room.copyBytes(from: bytes)
                return bytes.count
            }
        }
        return withUnsafePointer(to: storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(length)) }
        }
    }
}

// MARK: - Text

extension SocketAddress {
    /// The TCP port; 0 of a unix socket.
    var port: UInt16 {
        if case .internet(let address) = form { address.port } else { 0 }
    }

    /// `ip:port`, `[v6]:port`, a path, or nothing where there is no name; mapped IPv4 addresses read as IPv4.
    var text: String {
        switch form {
        case .internet(let address): return address.text
        case .other(let bytes):
            let offset = MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? 2
            guard Self.family(of: bytes) == AF_UNIX, bytes.count > offset else { return "" }
            return String(decoding: bytes[offset...].prefix { $0 != 0 }, as: UTF8.self)
        }
    }
}
