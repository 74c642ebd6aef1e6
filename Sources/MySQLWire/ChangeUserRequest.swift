/// COM_CHANGE_USER: a new login on a connection.
///
/// Source: MySQL protocol, "COM_CHANGE_USER".
public struct ChangeUserRequest: Hashable, Sendable {
    /// The user name as it was sent.
    public var userBytes: [UInt8]
    /// The answer to the connection's challenge.
    public var authResponse: [UInt8]
    /// The schema to begin in, as it was sent; empty for none.
    public var schemaBytes: [UInt8]
    /// The collation's number, two bytes; nil where the packet ends before it.
    public var collation: UInt16?
    /// The authentication method; nil without CLIENT_PLUGIN_AUTH or where the packet ends before it.
    public var authMethod: String?
    /// The connection attributes; nil without CLIENT_CONNECT_ATTRS or where the packet ends before them.
    public var attributes: [LoginRequest.Attribute]?

    /// A request with the given fields.
    public init(
        user: String, authResponse: [UInt8], schema: String = "", collation: UInt16? = nil,
        authMethod: String? = nil, attributes: [LoginRequest.Attribute]? = nil
    ) {
        userBytes = Array(user.utf8)
        self.authResponse = authResponse
        schemaBytes = Array(schema.utf8)
        self.collation = collation
        self.authMethod = authMethod
        self.attributes = attributes
    }

    /// The user name; what isn't UTF-8 is replaced.
    public var user: String { String(decoding: userBytes, as: UTF8.self) }

    /// The schema; what isn't UTF-8 is replaced.
    public var schema: String { String(decoding: schemaBytes, as: UTF8.self) }

    /// Reads the payload, command byte included, of a client that logged in with `capabilities`.
    public init(decoding payload: Span<UInt8>, capabilities: Capabilities) throws(WireError) {
        var reader = ByteReader(payload, of: "COM_CHANGE_USER")
        try reader.expect(Command.changeUser.rawValue, "the command byte 0x11")
        self.init(user: "", authResponse: [])
        userBytes = try reader.nulTerminated("the user name")
        let what = "the answer to the challenge"
        authResponse =
            capabilities.contains(.secureConnection)
            ? try reader.take(Int(try reader.uint8(what)), what) : try reader.nulTerminated(what)
        schemaBytes = try reader.nulTerminated("the schema")
        guard !reader.isAtEnd else { return }
        collation = try reader.uint16("the collation")
        if capabilities.contains(.pluginAuth), !reader.isAtEnd {
            authMethod = String(decoding: reader.nulTerminatedOrRest(), as: UTF8.self)
        }
        if capabilities.contains(.connectAttributes), !reader.isAtEnd {
            attributes = try LoginRequest.Attribute.decodeAll(&reader)
        }
    }

    /// The payload, command byte included; fields behind a nil one are left out.
    public func encode(capabilities: Capabilities) -> [UInt8] {
        var writer = PayloadWriter(Command.changeUser.rawValue)
        writer.nulTerminated(userBytes)
        if capabilities.contains(.secureConnection) {
            writer.lengthByte(authResponse)
        } else {
            writer.nulTerminated(authResponse)
        }
        writer.nulTerminated(schemaBytes)
        guard let collation else { return writer.bytes }
        writer.uint16(collation)
        if capabilities.contains(.pluginAuth) {
            guard let authMethod else { return writer.bytes }
            writer.nulTerminated(authMethod)
        }
        if capabilities.contains(.connectAttributes), let attributes {
            LoginRequest.Attribute.encode(attributes, into: &writer)
        }
        return writer.bytes
    }
}
