extension Greeting {
    /// Reads a greeting's payload.
    ///
    /// - Throws: also for an ERR in its place; ``ServerOpening`` tells the two apart.
    public init(decoding payload: Span<UInt8>) throws(WireError) {
        var reader = ByteReader(payload, of: "greeting")
        try reader.expect(10, "protocol version 10")
        let version = try reader.nulTerminated("the server version")
        let connectionID = try reader.uint32("the connection id")
        var scramble = try reader.take(8, "the challenge's first 8 bytes")
        try reader.skip(1, "a filler byte")
        var flags = UInt64(try reader.uint16("the lower capabilities"))
        let collation = try reader.uint8("the collation")
        let status = StatusFlags(rawValue: try reader.uint16("the status flags"))
        flags |= UInt64(try reader.uint16("the upper capabilities")) << 16
        let length = try reader.uint8("the challenge's length")
        try reader.skip(6, "reserved bytes")
        let extended = UInt64(try reader.uint32("reserved bytes or extended capabilities"))
        var capabilities = Capabilities(rawValue: flags)
        if !capabilities.contains(.longPassword) { capabilities.rawValue |= extended << 32 }
        if capabilities.contains(.secureConnection) {
            scramble += try reader.take(max(13, Int(length) - 8), "the rest of the challenge")
            if scramble.last == 0 { scramble.removeLast() }
        }
        // MySQL 5.5.7 to 5.5.9 forgot the NUL behind the method.
        let method = capabilities.contains(.pluginAuth) ? reader.nulTerminatedOrRest() : []
        self.init(
            serverVersion: String(decoding: version, as: UTF8.self), connectionID: connectionID, scramble: scramble,
            capabilities: capabilities, collation: collation, status: status,
            authMethod: String(decoding: method, as: UTF8.self))
    }

    /// The greeting's payload; the challenge is filled up with zeros to 20 bytes.
    public func encode() -> [UInt8] {
        var challenge = scramble
        while challenge.count < 20 { challenge.append(0) }
        let flags = capabilities.rawValue
        var writer = PayloadWriter(10, capacity: 120)
        writer.nulTerminated(serverVersion)
        writer.uint32(connectionID)
        writer.raw(challenge.prefix(8))
        writer.uint8(0)
        writer.uint16(UInt16(truncatingIfNeeded: flags))
        writer.uint8(collation)
        writer.uint16(status.rawValue)
        writer.uint16(UInt16(truncatingIfNeeded: flags >> 16))
        writer.uint8(capabilities.contains(.pluginAuth) ? UInt8(truncatingIfNeeded: challenge.count + 1) : 0)
        writer.zeros(6)
        writer.uint32(capabilities.contains(.longPassword) ? 0 : UInt32(truncatingIfNeeded: flags >> 32))
        if capabilities.contains(.secureConnection) {
            writer.raw(challenge.dropFirst(8))
            writer.uint8(0)
        }
        if capabilities.contains(.pluginAuth) { writer.nulTerminated(authMethod) }
        return writer.bytes
    }
}

/// The first packet of a server: a greeting, or an ERR such as "Too many connections".
public enum ServerOpening: Hashable, Sendable {
    /// The server takes logins.
    case greeting(Greeting)
    /// The server refuses; the packet has no SQLSTATE, as nothing is negotiated yet.
    case refusal(ErrorPacket)

    /// Reads the payload of a server's first packet.
    public init(decoding payload: Span<UInt8>) throws(WireError) {
        if payload.count > 0, payload[0] == 0xFF {
            self = .refusal(try ErrorPacket(decoding: payload))
        } else {
            self = .greeting(try Greeting(decoding: payload))
        }
    }
}
