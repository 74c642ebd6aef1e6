/// Builds one payload from front to back.
///
/// Source: MySQL protocol, "Protocol Data Types".
public struct PayloadWriter: Hashable, Sendable {
    /// The payload so far.
    public private(set) var bytes: [UInt8] = []

    /// An empty payload.
    public init() {}

    /// A payload that begins with `first`, with room for about `capacity` bytes.
    public init(_ first: UInt8, capacity: Int = 1) {
        bytes.reserveCapacity(capacity)
        bytes.append(first)
    }

    /// Appends the low `size` bytes of `value`, lowest first.
    mutating func fixed(_ value: UInt64, size: Int) {
        for index in 0..<size {
            bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * index)))
        }
    }

    /// Appends one byte.
    public mutating func uint8(_ value: UInt8) { bytes.append(value) }
    /// Appends two bytes, little-endian.
    public mutating func uint16(_ value: UInt16) { fixed(UInt64(value), size: 2) }
    /// Appends the low three bytes, little-endian.
    public mutating func uint24(_ value: UInt32) { fixed(UInt64(value), size: 3) }
    /// Appends four bytes, little-endian.
    public mutating func uint32(_ value: UInt32) { fixed(UInt64(value), size: 4) }
    /// Appends eight bytes, little-endian.
    public mutating func uint64(_ value: UInt64) { fixed(value, size: 8) }
    /// Appends bytes as they are.
    public mutating func raw(_ value: some Sequence<UInt8>) { bytes.append(contentsOf: value) }
    /// Appends `count` zero bytes.
    public mutating func zeros(_ count: Int) { bytes.append(contentsOf: repeatElement(0, count: count)) }

    /// Appends a length-encoded integer.
    public mutating func lengthEncoded(_ value: UInt64) {
        switch value {
        case ..<0xFB: uint8(UInt8(value))
        case ...0xFFFF: uint8(0xFC); fixed(value, size: 2)
        case ...0xFF_FFFF: uint8(0xFD); fixed(value, size: 3)
        default: uint8(0xFE); fixed(value, size: 8)
        }
    }

    /// Appends a length-encoded string.
    public mutating func lengthEncoded(_ text: some Collection<UInt8>) {
        lengthEncoded(UInt64(text.count))
        raw(text)
    }

    /// Appends a length-encoded string.
    public mutating func lengthEncoded(_ text: String) { lengthEncoded(text.utf8) }

    /// Appends a length-encoded string, or NULL (0xFB).
    public mutating func nullable(_ text: [UInt8]?) {
        guard let text else { return uint8(0xFB) }
        lengthEncoded(text)
    }

    /// Appends a string and its closing NUL; the string is cut at a NUL of its own.
    public mutating func nulTerminated(_ text: some Sequence<UInt8>) {
        let start = bytes.count
        raw(text)
        if let end = bytes[start...].firstIndex(of: 0) { bytes.removeSubrange(end...) }
        uint8(0)
    }

    /// Appends a string and its closing NUL; the string is cut at a NUL of its own.
    public mutating func nulTerminated(_ text: String) { nulTerminated(text.utf8) }
}
