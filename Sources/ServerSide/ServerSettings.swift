public import MySQLWire

/// What a server inside the process tells its clients of itself, and whom it lets in.
public struct ServerSettings: Sendable {
    /// The version of the greeting; it begins with the MySQL version whose protocol is spoken.
    public var version: String
    /// The passwords of the users.
    public var passwords: [String: StoredPassword]
    /// The longest command, in bytes.
    public var maximumPayload: Int
    /// The status that sessions begin with; the greeting tells it, which some drivers' quoting of strings goes by.
    public var initialStatus = StatusFlags.autocommit

    /// A server with the given version and users.
    public init(version: String, passwords: [String: StoredPassword], maximumPayload: Int = 64 << 20) {
        self.version = version
        self.passwords = passwords
        self.maximumPayload = maximumPayload
    }

    /// What the server offers: neither TLS nor compression nor LOCAL INFILE.
    public static let capabilities: Capabilities = [
        .longPassword, .foundRows, .longFlag, .connectWithSchema, .odbc, .ignoreSpace, .protocol41, .interactive,
        .ignoreSigpipe, .transactions, .secureConnection, .multiStatements, .multiResults, .preparedMultiResults,
        .pluginAuth, .connectAttributes, .pluginAuthLengthEncoded, .expiredPasswords, .deprecateEOF,
    ]
}
