/// The server's EOF, behind columns and behind rows, for clients without CLIENT_DEPRECATE_EOF.
///
/// Source: MySQL protocol, "EOF_Packet".
public struct EOFPacket: BitwiseCopyable, Hashable, Sendable {
    /// How many warnings the statement left.
    public var warnings: UInt16
    /// The status flags.
    public var status: StatusFlags

    /// A packet with the given fields.
    public init(warnings: UInt16 = 0, status: StatusFlags) {
        self.warnings = warnings
        self.status = status
    }

    /// Whether a payload is an EOF: 0xFE in front, and shorter than a row that begins so could be.
    public static func matches(_ payload: Span<UInt8>) -> Bool {
        payload.count > 0 && payload.count < 9 && payload[0] == 0xFE
    }

    /// Reads the payload.
    public init(decoding payload: Span<UInt8>) throws(WireError) {
        var reader = ByteReader(payload, of: "EOF")
        guard Self.matches(payload) else { throw reader.error(expecting: "0xFE and fewer than 8 bytes more") }
        try reader.skip(1, "the byte 0xFE")
        warnings = try reader.uint16("the warnings")
        status = StatusFlags(rawValue: try reader.uint16("the status flags"))
    }

    /// The payload.
    public func encode() -> [UInt8] {
        var writer = PayloadWriter(0xFE)
        writer.uint16(warnings)
        writer.uint16(status.rawValue)
        return writer.bytes
    }
}
