/// The client's answer to the greeting, HandshakeResponse41.
///
/// Source: MySQL protocol, "Protocol::HandshakeResponse41"; MariaDB knowledge base, "Handshake Response Packet".
public struct LoginRequest: Hashable, Sendable {
    /// What the client asks for, MariaDB's extended flags included.
    public var capabilities: Capabilities
    /// The longest packet that the client wants to receive.
    public var maximumPacketSize: UInt32
    /// The client's collation, low byte.
    public var collation: UInt8
    /// The user name as it was sent, in the client's character set.
    public var userBytes: [UInt8]
    /// The answer to the challenge.
    public var authResponse: [UInt8]
    /// The schema to begin in, as it was sent; nil without CLIENT_CONNECT_WITH_DB.
    public var schemaBytes: [UInt8]?
    /// The authentication method; nil without CLIENT_PLUGIN_AUTH.
    public var authMethod: String?
    /// The connection attributes, in order.
    public var attributes: [Attribute]
    /// The zstd level, 1 to 22; nil without CLIENT_ZSTD_COMPRESSION_ALGORITHM.
    public var zstdLevel: UInt8?

    /// The user name; what isn't UTF-8 in ``userBytes`` is replaced.
    public var user: String {
        get { String(decoding: userBytes, as: UTF8.self) }
        set { userBytes = Array(newValue.utf8) }
    }

    /// The schema to begin in; what isn't UTF-8 in ``schemaBytes`` is replaced.
    public var schema: String? {
        get { schemaBytes.map { String(decoding: $0, as: UTF8.self) } }
        set { schemaBytes = newValue.map { Array($0.utf8) } }
    }

    /// One connection attribute.
    public struct Attribute: Hashable, Sendable {
        /// The attribute's name, for instance `_client_name`.
        public var name: String
        /// The attribute's value.
        public var value: String

        /// An attribute.
        public init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    /// A login with the given fields.
    public init(
        capabilities: Capabilities, maximumPacketSize: UInt32 = 0x100_0000, collation: UInt8, user: String,
        authResponse: [UInt8], schema: String? = nil, authMethod: String? = nil, attributes: [Attribute] = [],
        zstdLevel: UInt8? = nil
    ) {
        self.capabilities = capabilities
        self.maximumPacketSize = maximumPacketSize
        self.collation = collation
        self.userBytes = Array(user.utf8)
        self.authResponse = authResponse
        self.schemaBytes = schema.map { Array($0.utf8) }
        self.authMethod = authMethod
        self.attributes = attributes
        self.zstdLevel = zstdLevel
    }
}
