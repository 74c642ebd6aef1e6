extension LoginRequest {
    /// Reads a login's payload; like servers do, it does without the fields behind the challenge's answer where they are missing.
    ///
    /// - Throws: for an ``SSLRequest`` and for a login of the protocol before 4.1 too, and says so.
    public init(decoding payload: Span<UInt8>) throws(WireError) {
        var reader = ByteReader(payload, of: "login")
        let capabilities = try Self.decodeCapabilities(&reader)
        guard !SSLRequest.matches(payload) else { throw reader.error(expecting: "a login, not a request for TLS") }
        let size = try reader.uint32("the longest packet's size")
        let collation = try reader.uint8("the collation")
        try reader.skip(19, "reserved bytes")
        let extended = UInt64(try reader.uint32("reserved bytes or extended capabilities"))
        let user = try reader.nulTerminated("the user name")
        let response = try Self.decodeResponse(&reader, capabilities)
        self.init(
            capabilities: capabilities, maximumPacketSize: size, collation: collation, user: "", authResponse: response)
        userBytes = user
        if !capabilities.contains(.longPassword) { self.capabilities.rawValue |= extended << 32 }
        try decodeTail(&reader)
    }

    @_lifetime(reader: copy reader)
    private static func decodeCapabilities(_ reader: inout ByteReader) throws(WireError) -> Capabilities {
        let lower = try reader.uint16("the lower capabilities")
        guard Capabilities(rawValue: UInt64(lower)).contains(.protocol41) else {
            throw reader.error(
                expecting: "CLIENT_PROTOCOL_41; logins of the protocol before MySQL 4.1 aren't supported")
        }
        return Capabilities(rawValue: UInt64(lower) | UInt64(try reader.uint16("the upper capabilities")) << 16)
    }

    @_lifetime(reader: copy reader)
    private static func decodeResponse(
        _ reader: inout ByteReader, _ capabilities: Capabilities
    ) throws(WireError) -> [UInt8] {
        let what = "the answer to the challenge"
        if capabilities.contains(.pluginAuthLengthEncoded) { return try reader.lengthEncodedBytes(what) }
        guard capabilities.contains(.secureConnection) else { return try reader.nulTerminated(what) }
        return try reader.take(Int(try reader.uint8(what)), what)
    }

    @_lifetime(reader: copy reader)
    private mutating func decodeTail(_ reader: inout ByteReader) throws(WireError) {
        if capabilities.contains(.connectWithSchema), !reader.isAtEnd { schemaBytes = reader.nulTerminatedOrRest() }
        if capabilities.contains(.pluginAuth), !reader.isAtEnd {
            authMethod = String(decoding: reader.nulTerminatedOrRest(), as: UTF8.self)
        }
        if capabilities.contains(.connectAttributes), !reader.isAtEnd { attributes = try Attribute.decodeAll(&reader) }
        if capabilities.contains(.zstdCompression), !reader.isAtEnd { zstdLevel = try reader.uint8("the zstd level") }
    }
}

extension LoginRequest.Attribute {
    /// Reads the length of all attributes, and them.
    @_lifetime(reader: copy reader)
    static func decodeAll(_ reader: inout ByteReader) throws(WireError) -> [Self] {
        let length = try reader.lengthEncoded("the attributes' length")
        guard length <= UInt64(reader.remaining) else { throw reader.error(expecting: "\(length) bytes of attributes") }
        let end = reader.offset + Int(length)
        var attributes: [Self] = []
        while reader.offset < end {
            let name = try reader.lengthEncodedString("an attribute's name")
            let value = try reader.lengthEncodedString("an attribute's value")
            attributes.append(Self(name: name, value: value))
        }
        guard reader.offset == end else { throw reader.error(expecting: "the attributes' end at byte \(end)") }
        return attributes
    }

    /// Appends the length of all attributes, and them.
    static func encode(_ attributes: [Self], into writer: inout PayloadWriter) {
        var inner = PayloadWriter()
        for attribute in attributes {
            inner.lengthEncoded(attribute.name)
            inner.lengthEncoded(attribute.value)
        }
        writer.lengthEncoded(inner.bytes)
    }
}
