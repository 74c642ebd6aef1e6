/// A client's wish to go on with TLS, sent in place of a login; it is the first 32 bytes of one.
///
/// Source: MySQL protocol, "Protocol::SSLRequest".
public struct SSLRequest: Hashable, Sendable {
    /// What the client asks for; CLIENT_SSL is among it.
    public var capabilities: Capabilities
    /// The longest packet that the client wants to receive.
    public var maximumPacketSize: UInt32
    /// The client's collation, low byte.
    public var collation: UInt8

    /// A request with the given fields.
    public init(capabilities: Capabilities, maximumPacketSize: UInt32 = 0x100_0000, collation: UInt8) {
        self.capabilities = capabilities
        self.maximumPacketSize = maximumPacketSize
        self.collation = collation
    }

    /// Whether a client's first payload asks for TLS: 32 bytes, CLIENT_SSL among the flags.
    public static func matches(_ payload: Span<UInt8>) -> Bool {
        payload.count == 32 && Capabilities(rawValue: UInt64(payload[1]) << 8).contains([.ssl, .protocol41])
    }

    /// Reads a request's payload.
    public init(decoding payload: Span<UInt8>) throws(WireError) {
        var reader = ByteReader(payload, of: "TLS request")
        guard Self.matches(payload) else { throw reader.error(expecting: "32 bytes with CLIENT_SSL set") }
        capabilities = Capabilities(rawValue: UInt64(try reader.uint32("the capabilities")))
        maximumPacketSize = try reader.uint32("the longest packet's size")
        collation = try reader.uint8("the collation")
        try reader.skip(19, "reserved bytes")
        let extended = UInt64(try reader.uint32("extended capabilities"))
        if !capabilities.contains(.longPassword) { capabilities.rawValue |= extended << 32 }
    }

    /// The request's payload.
    public func encode() -> [UInt8] {
        var writer = PayloadWriter()
        LoginRequest.encodeHead(capabilities, maximumPacketSize, collation, into: &writer)
        return writer.bytes
    }
}
