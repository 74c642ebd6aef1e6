internal import Glibc

/// What asking for a host name's addresses came to.
enum NameResolution: Sendable {
    case addresses([SocketAddress])
    case unresolved(String)

    /// Asks the system's resolver, which may block for many seconds.
    static func ask(host: String, port: UInt16) -> Self {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(host, String(port), &hints, &found)
        guard status == 0 else {
            let text = status == EAI_SYSTEM ? strerror(errno) : UnsafeMutablePointer(mutating: gai_strerror(status))
            return .unresolved(text.map { String(cString: $0) } ?? "error \(status)")
        }
        defer { freeaddrinfo(found) }
        var addresses: [SocketAddress] = []
        var next = found
        while let entry = next {
            if let raw = entry.pointee.ai_addr,
                let address = SocketAddress(copying: raw, length: entry.pointee.ai_addrlen)
            {
                addresses.append(address)
            }
            next = entry.pointee.ai_next
        }
        return addresses.isEmpty ? .unresolved("the name has no address") : .addresses(addresses)
    }
}
