/// What a token of MySQL's or MariaDB's SQL is.
public enum SQLTokenKind: UInt8, Sendable, BitwiseCopyable, CaseIterable {
    case whitespace
    /// `-- …` or `# …` up to the line's end, which isn't part of it.
    case lineComment
    /// `/* … */`, optimizer hints included.
    case blockComment
    /// `/*!`, `/*!50100`, `/*M!` or `/*M!100100`; what is inside follows as ordinary tokens.
    case executableCommentOpen
    /// The `*/` of an executable comment.
    case executableCommentClose
    /// `'…'`, and `"…"` unless ANSI_QUOTES.
    case string
    /// `N'…'`.
    case nationalString
    /// `x'…'`.
    case hexString
    /// `b'…'`.
    case bitString
    /// `_utf8mb4` where a string follows.
    case charsetIntroducer
    case integer
    /// `1.5`, `.5` or `1.`.
    case decimal
    /// A number with an exponent.
    case float
    /// `0x1F`.
    case hexNumber
    /// `0b01`.
    case bitNumber
    /// A word without quotes, keywords included.
    case identifier
    /// `` `…` ``, and `"…"` with ANSI_QUOTES.
    case quotedIdentifier
    /// `@a`, `` @`a` ``, `@'a'`; the name may be empty.
    case userVariable
    /// `@@a`, `@@session.a`; the name may be empty.
    case systemVariable
    /// The `@host` of an account whose user is in quotes.
    case host
    /// `?`.
    case parameter
    case openParenthesis
    case closeParenthesis
    case comma
    case semicolon
    case dot
    /// Arithmetic, comparison, assignment, logic and JSON paths, the longest that fits.
    case `operator`
    /// One byte that starts nothing.
    case unknown
}

/// One token: what it is and where; tokens follow each other without gaps.
public struct SQLToken: BitwiseCopyable, Equatable, Sendable {
    /// What it is.
    public let kind: SQLTokenKind
    /// False for a string, quoted name or comment that the text's end cut off.
    public let isClosed: Bool
    /// The offset of its first byte.
    public let start: Int
    /// The offset behind its last byte.
    public let end: Int

    /// Where its bytes are; never empty.
    public var range: Range<Int> { start..<end }
}

/// What the server's settings change about reading SQL.
public struct SQLLexicalMode: OptionSet, BitwiseCopyable, Hashable, Sendable {
    /// The options as bits.
    public let rawValue: UInt8

    /// Options from their bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// sql_mode NO_BACKSLASH_ESCAPES: a backslash in a string is a backslash.
    public static let noBackslashEscapes = Self(rawValue: 1)
    /// sql_mode ANSI_QUOTES: double quotes enclose names.
    public static let ansiQuotes = Self(rawValue: 2)
    /// The server is MySQL, to which `/*M! … */` is a plain comment.
    public static let ignoresMariaDBComments = Self(rawValue: 4)
}
