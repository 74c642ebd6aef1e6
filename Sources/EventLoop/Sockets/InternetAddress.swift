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
        if let v4 { return Self.text(of: v4, port: nil) }
        var address = v6
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        inet_ntop(AF_INET6, &address, &text, socklen_t(text.count))
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// `ip:port` or `[v6]:port`.
    var text: String {
        if let v4 { return Self.text(of: v4, port: port) }
        return "[\(host)]:\(port)"
    }

    /// The four bytes of an IPv4 address, mapped or not, the first one lowest.
    private var v4: UInt32? {
        guard isV6 else { return UInt32(truncatingIfNeeded: high) }
        let isMapped = high == 0 && UInt32(truncatingIfNeeded: low) == UInt32(bigEndian: 0x0000_FFFF)
        return isMapped ? UInt32(truncatingIfNeeded: low >> 32) : nil
    }

    /// Every client has an address: made byte by byte, which takes a tenth of inet_ntop's time.
    private static func text(of address: UInt32, port: UInt16?) -> String {
        String(unsafeUninitializedCapacity: 21) { room in
            var count = 0
            for shift in stride(from: 0, to: 32, by: 8) {
                if shift > 0 { append(UInt8(ascii: "."), to: room, &count) }
                append(decimal: UInt16(address >> UInt32(shift) & 0xFF), to: room, &count)
            }
            if let port {
                append(UInt8(ascii: ":"), to: room, &count)
                append(decimal: port, to: room, &count)
            }
            return count
        }
    }

    private static func append(decimal number: UInt16, to room: UnsafeMutableBufferPointer<UInt8>, _ count: inout Int) {
        var divisor: UInt16 = 10_000
        while divisor > max(number, 1) { divisor /= 10 }
        while divisor > 0 {
            append(UInt8(ascii: "0") + UInt8(number / divisor % 10), to: room, &count)
            divisor /= 10
        }
    }

    private static func append(_ byte: UInt8, to room: UnsafeMutableBufferPointer<UInt8>, _ count: inout Int) {
        room[count] = byte
        count += 1
    }
}
