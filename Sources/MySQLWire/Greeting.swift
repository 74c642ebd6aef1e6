/// The server's first packet, HandshakeV10.
///
/// Source: MySQL protocol, "Protocol::HandshakeV10"; MariaDB knowledge base, "Initial Handshake Packet".
public struct Greeting: Hashable, Sendable {
    /// The version text as it was sent, for instance `8.4.2` or `5.5.5-10.11.6-MariaDB`.
    public var serverVersion: String
    /// The server's id of the connection.
    public var connectionID: UInt32
    /// The challenge, without its closing NUL; 20 bytes with every server of today.
    public var scramble: [UInt8]
    /// What the server can do, MariaDB's extended flags included.
    public var capabilities: Capabilities
    /// The default collation's number, low byte.
    public var collation: UInt8
    /// The status flags.
    public var status: StatusFlags
    /// The authentication method; empty without CLIENT_PLUGIN_AUTH.
    public var authMethod: String

    /// A greeting with the given fields.
    public init(
        serverVersion: String, connectionID: UInt32, scramble: [UInt8], capabilities: Capabilities,
        collation: UInt8, status: StatusFlags, authMethod: String
    ) {
        self.serverVersion = serverVersion
        self.connectionID = connectionID
        self.scramble = scramble
        self.capabilities = capabilities
        self.collation = collation
        self.status = status
        self.authMethod = authMethod
    }
}
