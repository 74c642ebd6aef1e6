internal import Glibc

/// An IPv4 or IPv6 address with its port, in 23 bytes.
struct InternetAddress: BitwiseCopyable {
    /// The address as it goes over the network; an IPv4 address is the first four bytes.
    private var (high, low): (UInt64, UInt64) = (0, 0)
    /// The interface that a link-local address belongs to.
    private var scope: UInt32 = 0
    let port: UInt16
    private let isV6: Bool

    var family: Int32 { isV6 ? AF_INET6 : AF_INET }

    /// Reads what system calls give; nil where that is another family's.
    init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= MemoryLayout<sa_family_t>.size else { return nil }
        switch Int32(bytes.loadUnaligned(as: sa_family_t.self)) {
        case AF_INET where bytes.count >= MemoryLayout<sockaddr_in>.size:
            let address = bytes.loadUnaligned(as: sockaddr_in.self)
            high = UInt64(address.sin_addr.s_addr)
            port = UInt16(bigEndian: address.sin_port)
            isV6 = false
        case AF_INET6 where bytes.count >= MemoryLayout<sockaddr_in6>.size:
            let address = bytes.loadUnaligned(as: sockaddr_in6.self)
            (high, low) = withUnsafeBytes(of: address.sin6_addr) {
                ($0.loadUnaligned(as: UInt64.self), $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            }
            scope = address.sin6_scope_id
            port = UInt16(bigEndian: address.sin6_port)
            isV6 = true
        default: return nil
        }
    }

    /// Writes it as system calls take it; returns its length.
    func write(to room: UnsafeMutableRawBufferPointer) -> Int {
        guard isV6 else {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            address.sin_addr.s_addr = UInt32(truncatingIfNeeded: high)
            return copy(address, to: room)
        }
        var address = sockaddr_in6()
        address.sin6_family = sa_family_t(AF_INET6)
        address.sin6_port = port.bigEndian
        address.sin6_addr = v6
        address.sin6_scope_id = scope
        return copy(address, to: room)
    }

    private func copy<Address>(_ address: Address, to room: UnsafeMutableRawBufferPointer) -> Int {
        withUnsafeBytes(of: address) { room.copyMemory(from: $0) }
        return MemoryLayout<Address>.size
    }

    private var v6: in6_addr {
        var address = in6_addr()
        withUnsafeMutableBytes(of: &address) { room in
            room.storeBytes(of: high, as: UInt64.self)
            room.storeBytes(of: low, toByteOffset: 8, as: UInt64.self)
        }
        return address
    }

    /// The address without its port; a mapped IPv4 address as IPv4.
    var host: String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        if isV6 {
            var address = v6
            inet_ntop(AF_INET6, &address, &text, socklen_t(text.count))
        } else {
            var address = in_addr(s_addr: UInt32(truncatingIfNeeded: high))
            inet_ntop(AF_INET, &address, &text, socklen_t(text.count))
        }
        let host = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        let mapped = "::ffff:"
        return host.hasPrefix(mapped) && host.contains(".") ? String(host.dropFirst(mapped.count)) : host
    }
}
