/// How a statement becomes a digest; the defaults are ProxySQL's.
public struct DigestOptions: BitwiseCopyable, Equatable, Sendable {
    /// How the server reads the statement.
    public var mode: SQLLexicalMode = []
    /// Letters A to Z become lower case (mysql-query_digests_lowercase).
    public var lowercase = false
    /// NULL becomes `?` too, but not behind IS or NOT (mysql-query_digests_replace_null).
    public var replaceNull = false
    /// Runs of digits in unquoted names become `?` (mysql-query_digests_no_digits).
    public var replaceDigits = false
    /// Comments stay (mysql-query_digests_keep_comment).
    public var keepComments = false
    /// A list in parentheses shows this many values when it has over one more; 1 or more (…_grouping_limit).
    public var listLimit = 3
    /// Equal lists in a row are shown this many times; 1 or more (…_groups_grouping_limit).
    public var groupLimit = 10
    /// The bytes of a statement that count (mysql-query_digests_max_query_length).
    public var maxStatementLength = 65_000
    /// The bytes of the normalised text, cut there (mysql-query_digests_max_digest_length).
    public var maxTextLength = 2048

    /// ProxySQL's defaults.
    public init() {}
}
