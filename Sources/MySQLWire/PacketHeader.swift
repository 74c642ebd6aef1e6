/// The four bytes in front of every packet: a 24-bit little-endian payload length and a sequence id.
///
/// Source: MySQL client/server protocol, "Protocol::Packet".
public struct PacketHeader: BitwiseCopyable, Hashable, Sendable {
    /// Bytes of a header.
    public static let size = 4
    /// The longest payload of one packet; one of exactly this length is continued by the next packet.
    public static let maximumPayload = 0xFF_FFFF

    /// Bytes of the payload, 0 to ``maximumPayload``.
    public var payloadLength: Int
    /// The packet's place in its exchange, modulo 256; 0 begins a command.
    public var sequence: UInt8

    /// A header with the given fields; the length is cut to 24 bits.
    public init(payloadLength: Int, sequence: UInt8) {
        self.payloadLength = payloadLength & Self.maximumPayload
        self.sequence = sequence
    }

    /// Reads the header at `offset`; nil where fewer than four bytes follow.
    @inlinable @inline(__always)
    public init?(_ bytes: Span<UInt8>, at offset: Int = 0) {
        guard offset >= 0, bytes.count - offset >= Self.size else { return nil }
        payloadLength = Int(bytes[offset]) | Int(bytes[offset + 1]) << 8 | Int(bytes[offset + 2]) << 16
        sequence = bytes[offset + 3]
    }

    /// Whether the next packet carries on this one's payload.
    public var isContinued: Bool { payloadLength == Self.maximumPayload }

    /// Bytes of the packet, header included.
    public var packetLength: Int { Self.size + payloadLength }
}
