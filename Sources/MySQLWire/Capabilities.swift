/// What client and server can do: MySQL's 32 flags in the lower half, MariaDB's extended ones in the upper half.
///
/// Source: MySQL protocol, "Capabilities Flags"; MariaDB knowledge base, "Connection / Capabilities".
public struct Capabilities: OptionSet, BitwiseCopyable, Hashable, Sendable {
    /// The flags; bit 32 is the lowest of MariaDB's extended ones.
    public var rawValue: UInt64

    /// The set with the given flags.
    public init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    private static func bit(_ number: UInt64) -> Self { Self(rawValue: 1 << number) }

    /// CLIENT_MYSQL in MariaDB's terms: set by MySQL's own servers and clients; MariaDB clears it to announce extended flags.
    public static let longPassword = bit(0)
    /// CLIENT_FOUND_ROWS: matched rows count as affected.
    public static let foundRows = bit(1)
    /// CLIENT_LONG_FLAG: column flags have two bytes.
    public static let longFlag = bit(2)
    /// CLIENT_CONNECT_WITH_DB: the login names a schema.
    public static let connectWithSchema = bit(3)
    /// CLIENT_NO_SCHEMA.
    public static let noSchema = bit(4)
    /// CLIENT_COMPRESS: zlib packets.
    public static let compress = bit(5)
    /// CLIENT_ODBC.
    public static let odbc = bit(6)
    /// CLIENT_LOCAL_FILES: LOAD DATA LOCAL INFILE is allowed.
    public static let localFiles = bit(7)
    /// CLIENT_IGNORE_SPACE.
    public static let ignoreSpace = bit(8)
    /// CLIENT_PROTOCOL_41.
    public static let protocol41 = bit(9)
    /// CLIENT_INTERACTIVE.
    public static let interactive = bit(10)
    /// CLIENT_SSL.
    public static let ssl = bit(11)
    /// CLIENT_IGNORE_SIGPIPE.
    public static let ignoreSigpipe = bit(12)
    /// CLIENT_TRANSACTIONS: OK packets carry status flags.
    public static let transactions = bit(13)
    /// CLIENT_RESERVED.
    public static let reserved = bit(14)
    /// CLIENT_SECURE_CONNECTION: the login's response has a length in front.
    public static let secureConnection = bit(15)
    /// CLIENT_MULTI_STATEMENTS.
    public static let multiStatements = bit(16)
    /// CLIENT_MULTI_RESULTS.
    public static let multiResults = bit(17)
    /// CLIENT_PS_MULTI_RESULTS.
    public static let preparedMultiResults = bit(18)
    /// CLIENT_PLUGIN_AUTH: greeting and login name an authentication method.
    public static let pluginAuth = bit(19)
    /// CLIENT_CONNECT_ATTRS: the login carries connection attributes.
    public static let connectAttributes = bit(20)
    /// CLIENT_PLUGIN_AUTH_LENENC_CLIENT_DATA: the login's response has a length-encoded length.
    public static let pluginAuthLengthEncoded = bit(21)
    /// CLIENT_CAN_HANDLE_EXPIRED_PASSWORDS.
    public static let expiredPasswords = bit(22)
    /// CLIENT_SESSION_TRACK: OK packets carry session-state information.
    public static let sessionTrack = bit(23)
    /// CLIENT_DEPRECATE_EOF: results end with an OK packet, and no EOF follows the columns.
    public static let deprecateEOF = bit(24)
    /// CLIENT_OPTIONAL_RESULTSET_METADATA (MySQL 8).
    public static let optionalResultsetMetadata = bit(25)
    /// CLIENT_ZSTD_COMPRESSION_ALGORITHM (MySQL 8).
    public static let zstdCompression = bit(26)
    /// CLIENT_QUERY_ATTRIBUTES (MySQL 8): commands carry attributes.
    public static let queryAttributes = bit(27)
    /// CLIENT_MULTI_FACTOR_AUTHENTICATION (MySQL 8).
    public static let multiFactorAuthentication = bit(28)
    /// CLIENT_SSL_VERIFY_SERVER_CERT.
    public static let sslVerifyServerCertificate = bit(30)
    /// CLIENT_REMEMBER_OPTIONS.
    public static let rememberOptions = bit(31)
    /// MARIADB_CLIENT_PROGRESS: the server may send progress reports.
    public static let mariadbProgress = bit(32)
    /// MARIADB_CLIENT_COM_MULTI.
    public static let mariadbComMulti = bit(33)
    /// MARIADB_CLIENT_STMT_BULK_OPERATIONS: COM_STMT_BULK_EXECUTE is understood.
    public static let mariadbBulkOperations = bit(34)
    /// MARIADB_CLIENT_EXTENDED_METADATA: column definitions carry extended type information.
    public static let mariadbExtendedMetadata = bit(35)
    /// MARIADB_CLIENT_CACHE_METADATA: the server may leave out unchanged column definitions.
    public static let mariadbCacheMetadata = bit(36)
    /// MARIADB_CLIENT_BULK_UNIT_RESULTS: one result a row of a bulk execution.
    public static let mariadbBulkUnitResults = bit(37)
}
