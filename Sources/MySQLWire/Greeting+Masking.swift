extension Greeting {
    /// Clears capabilities in a greeting's payload and leaves every other byte as it is.
    ///
    /// - Parameter removed: the capabilities; extended ones are cleared only where the greeting has room for them.
    /// - Throws: where the payload is no greeting; it is unchanged then.
    public static func mask(_ removed: Capabilities, in payload: inout [UInt8]) throws(WireError) {
        let head = try capabilitiesOffset(in: payload.span)
        // Behind the lower half come a collation, two status bytes, the upper half and, MariaDB, ten bytes on, the rest.
        let hasExtended = payload[head] & 1 == 0
        clear(removed.rawValue, size: 2, at: head, in: &payload)
        clear(removed.rawValue >> 16, size: 2, at: head + 5, in: &payload)
        if hasExtended { clear(removed.rawValue >> 32, size: 4, at: head + 14, in: &payload) }
    }

    private static func clear(_ flags: UInt64, size: Int, at offset: Int, in payload: inout [UInt8]) {
        for index in 0..<size {
            payload[offset + index] &= ~UInt8(truncatingIfNeeded: flags >> UInt64(8 * index))
        }
    }

    private static func capabilitiesOffset(in payload: Span<UInt8>) throws(WireError) -> Int {
        var reader = ByteReader(payload, of: "greeting")
        try reader.expect(10, "protocol version 10")
        _ = try reader.nulTerminated("the server version")
        try reader.skip(4 + 8 + 1, "connection id and challenge")
        let offset = reader.offset
        try reader.skip(18, "capabilities and reserved bytes")
        return offset
    }
}
