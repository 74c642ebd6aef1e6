/// Reads a payload from front to back; whatever the bytes are, it throws and never traps.
///
/// Source: MySQL protocol, "Protocol Data Types".
public struct ByteReader: ~Escapable {
    /// The payload.
    public let bytes: Span<UInt8>
    /// Bytes read so far.
    public private(set) var offset = 0
    /// What the payload is, for errors.
    public let packet: String

    /// A reader at the front of `bytes`.
    @_lifetime(copy bytes)
    public init(_ bytes: Span<UInt8>, of packet: String) {
        self.bytes = bytes
        self.packet = packet
    }

    /// Bytes not yet read.
    public var remaining: Int { bytes.count - offset }

    /// Whether everything is read.
    public var isAtEnd: Bool { remaining == 0 }

    /// The next byte, which stays unread; nil at the end.
    public var peeked: UInt8? { isAtEnd ? nil : bytes[offset] }

    /// The error that says what was expected here.
    public func error(expecting what: String) -> WireError {
        WireError(packet: packet, expected: what, offset: offset)
    }

    /// Reads past `count` bytes.
    ///
    /// - Returns: where they were.
    @_lifetime(self: copy self)
    @discardableResult
    public mutating func skip(_ count: Int, _ what: String) throws(WireError) -> Range<Int> {
        guard count >= 0, count <= remaining else { throw error(expecting: what) }
        let range = offset..<offset + count
        offset += count
        return range
    }
}

extension ByteReader {
    /// Reads a little-endian integer of `size` bytes, 1 to 8.
    @_lifetime(self: copy self)
    mutating func fixed(_ size: Int, _ what: String) throws(WireError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        for index in try skip(size, what) {
            value |= UInt64(bytes[index]) << shift
            shift += 8
        }
        return value
    }

    /// Reads one byte.
    @_lifetime(self: copy self)
    public mutating func uint8(_ what: String) throws(WireError) -> UInt8 {
        UInt8(truncatingIfNeeded: try fixed(1, what))
    }

    /// Reads a little-endian integer of two bytes.
    @_lifetime(self: copy self)
    public mutating func uint16(_ what: String) throws(WireError) -> UInt16 {
        UInt16(truncatingIfNeeded: try fixed(2, what))
    }

    /// Reads a little-endian integer of three bytes.
    @_lifetime(self: copy self)
    public mutating func uint24(_ what: String) throws(WireError) -> UInt32 {
        UInt32(truncatingIfNeeded: try fixed(3, what))
    }

    /// Reads a little-endian integer of four bytes.
    @_lifetime(self: copy self)
    public mutating func uint32(_ what: String) throws(WireError) -> UInt32 {
        UInt32(truncatingIfNeeded: try fixed(4, what))
    }

    /// Reads a little-endian integer of eight bytes.
    @_lifetime(self: copy self)
    public mutating func uint64(_ what: String) throws(WireError) -> UInt64 {
        try fixed(8, what)
    }

    /// Reads one byte that must have the given value.
    @_lifetime(self: copy self)
    public mutating func expect(_ byte: UInt8, _ what: String) throws(WireError) {
        guard peeked == byte else { throw error(expecting: what) }
        offset += 1
    }
}
