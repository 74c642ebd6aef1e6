internal import CLinux
internal import Glibc
internal import Pooling

/// An address as the system calls take it.
struct SocketAddress {
    private var storage = sockaddr_storage()
    private var length: socklen_t = 0

    /// What fills in an address: getsockname, getpeername, accept4; nil where it returns below 0.
    init?(filledBy call: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32) {
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let status = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { call($0, &size) }
        }
        guard status >= 0 else { return nil }
        length = min(size, socklen_t(MemoryLayout<sockaddr_storage>.size))
    }

    /// A copy of what the resolver found; nil where it does not fit.
    init?(copying address: UnsafePointer<sockaddr>, length: socklen_t) {
        guard Int(length) <= MemoryLayout<sockaddr_storage>.size else { return nil }
        withUnsafeMutableBytes(of: &storage) {
            $0.copyMemory(from: UnsafeRawBufferPointer(start: address, count: Int(length)))
        }
        self.length = length
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

    private init<Address>(bytesOf address: Address) {
        withUnsafeBytes(of: address) { bytes in
            withUnsafeMutableBytes(of: &storage) { $0.copyMemory(from: bytes) }
        }
        length = socklen_t(MemoryLayout<Address>.size)
    }

    /// AF_INET, AF_INET6 or AF_UNIX.
    var family: Int32 { length == 0 ? AF_UNSPEC : Int32(storage.ss_family) }

    /// Whether this is the IPv6 address of every interface.
    var isAnyIPv6: Bool { family == AF_INET6 && numericHost == "::" }

    /// Passes the address to a system call.
    func withPointer<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        withUnsafePointer(to: storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
        }
    }

    private func read<Address>(as type: Address.Type) -> Address {
        withUnsafeBytes(of: storage) { $0.load(as: type) }
    }
}

// MARK: - Text

extension SocketAddress {
    /// The TCP port; 0 of a unix socket.
    var port: UInt16 {
        switch family {
        case AF_INET: UInt16(bigEndian: read(as: sockaddr_in.self).sin_port)
        case AF_INET6: UInt16(bigEndian: read(as: sockaddr_in6.self).sin6_port)
        default: 0
        }
    }

    /// `ip:port`, `[v6]:port`, a path, or nothing where there is no name; mapped IPv4 addresses read as IPv4.
    var text: String {
        switch family {
        case AF_INET: "\(numericHost):\(port)"
        case AF_INET6: numericHost.contains(":") ? "[\(numericHost)]:\(port)" : "\(numericHost):\(port)"
        case AF_UNIX: unixPath
        default: ""
        }
    }

    private var numericHost: String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        if family == AF_INET {
            var address = read(as: sockaddr_in.self).sin_addr
            inet_ntop(AF_INET, &address, &text, socklen_t(text.count))
        } else {
            var address = read(as: sockaddr_in6.self).sin6_addr
            inet_ntop(AF_INET6, &address, &text, socklen_t(text.count))
        }
        let host = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        let mapped = "::ffff:"
        return host.hasPrefix(mapped) && host.contains(".") ? String(host.dropFirst(mapped.count)) : host
    }

    private var unixPath: String {
        let offset = MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? 2
        return withUnsafeBytes(of: storage) { bytes in
            let path = bytes[offset..<max(offset, Int(length))].prefix { $0 != 0 }
            return String(decoding: path, as: UTF8.self)
        }
    }
}
