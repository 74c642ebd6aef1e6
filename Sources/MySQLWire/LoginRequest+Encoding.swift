extension LoginRequest {
    /// The login's payload, with the fields that ``capabilities`` announce.
    ///
    /// A response longer than 255 bytes needs CLIENT_PLUGIN_AUTH_LENENC_CLIENT_DATA; without it the response is cut.
    public func encode() -> [UInt8] {
        var writer = PayloadWriter()
        Self.encodeHead(capabilities, maximumPacketSize, collation, into: &writer)
        writer.nulTerminated(userBytes)
        encodeResponse(into: &writer)
        if capabilities.contains(.connectWithSchema) { writer.nulTerminated(schemaBytes ?? []) }
        if capabilities.contains(.pluginAuth) { writer.nulTerminated(authMethod ?? "") }
        if capabilities.contains(.connectAttributes) { Attribute.encode(attributes, into: &writer) }
        if capabilities.contains(.zstdCompression) { writer.uint8(zstdLevel ?? 3) }
        return writer.bytes
    }

    /// Appends the 32 bytes that a login and a request for TLS have in common.
    static func encodeHead(
        _ capabilities: Capabilities, _ maximumPacketSize: UInt32, _ collation: UInt8,
        into writer: inout PayloadWriter
    ) {
        let flags = capabilities.rawValue
        writer.uint32(UInt32(truncatingIfNeeded: flags))
        writer.uint32(maximumPacketSize)
        writer.uint8(collation)
        writer.zeros(19)
        writer.uint32(capabilities.contains(.longPassword) ? 0 : UInt32(truncatingIfNeeded: flags >> 32))
    }

    private func encodeResponse(into writer: inout PayloadWriter) {
        if capabilities.contains(.pluginAuthLengthEncoded) {
            writer.lengthEncoded(authResponse)
        } else if capabilities.contains(.secureConnection) {
            writer.lengthByte(authResponse)
        } else {
            writer.nulTerminated(authResponse)
        }
    }
}

extension PayloadWriter {
    /// Appends a one-byte length and up to 255 bytes.
    mutating func lengthByte(_ text: [UInt8]) {
        uint8(UInt8(clamping: text.count))
        raw(text.prefix(255))
    }
}
