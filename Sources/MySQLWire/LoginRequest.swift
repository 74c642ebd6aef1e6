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
    /// The user name.
    public var user: String
    /// The answer to the challenge.
    public var authResponse: [UInt8]
    /// The schema to begin in; nil without CLIENT_CONNECT_WITH_DB.
    public var schema: String?
    /// The authentication method; nil without CLIENT_PLUGIN_AUTH.
    public var authMethod: String?
    /// The connection attributes, in order.
    public var attributes: [Attribute]

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
        authResponse: [UInt8], schema: String? = nil, authMethod: String? = nil, attributes: [Attribute] = []
    ) {
        self.capabilities = capabilities
        self.maximumPacketSize = maximumPacketSize
        self.collation = collation
        self.user = user
        self.authResponse = authResponse
        self.schema = schema
        self.authMethod = authMethod
        self.attributes = attributes
    }
}
