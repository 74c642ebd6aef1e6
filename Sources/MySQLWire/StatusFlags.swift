/// The server's status as OK and EOF packets carry it.
///
/// Source: MySQL protocol, "SERVER_STATUS_flags_enum".
public struct StatusFlags: OptionSet, BitwiseCopyable, Hashable, Sendable {
    /// The sixteen flags.
    public var rawValue: UInt16

    /// The set with the given flags.
    public init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    /// SERVER_STATUS_IN_TRANS: a transaction is open.
    public static let inTransaction = Self(rawValue: 0x0001)
    /// SERVER_STATUS_AUTOCOMMIT.
    public static let autocommit = Self(rawValue: 0x0002)
    /// SERVER_MORE_RESULTS_EXISTS: another result follows.
    public static let moreResults = Self(rawValue: 0x0008)
    /// SERVER_QUERY_NO_GOOD_INDEX_USED.
    public static let noGoodIndexUsed = Self(rawValue: 0x0010)
    /// SERVER_QUERY_NO_INDEX_USED.
    public static let noIndexUsed = Self(rawValue: 0x0020)
    /// SERVER_STATUS_CURSOR_EXISTS: a read-only cursor was opened; rows come by COM_STMT_FETCH.
    public static let cursorExists = Self(rawValue: 0x0040)
    /// SERVER_STATUS_LAST_ROW_SENT: the cursor is at its end.
    public static let lastRowSent = Self(rawValue: 0x0080)
    /// SERVER_STATUS_DB_DROPPED.
    public static let schemaDropped = Self(rawValue: 0x0100)
    /// SERVER_STATUS_NO_BACKSLASH_ESCAPES.
    public static let noBackslashEscapes = Self(rawValue: 0x0200)
    /// SERVER_STATUS_METADATA_CHANGED.
    public static let metadataChanged = Self(rawValue: 0x0400)
    /// SERVER_QUERY_WAS_SLOW.
    public static let queryWasSlow = Self(rawValue: 0x0800)
    /// SERVER_PS_OUT_PARAMS: this result holds output parameters.
    public static let outputParameters = Self(rawValue: 0x1000)
    /// SERVER_STATUS_IN_TRANS_READONLY.
    public static let inReadOnlyTransaction = Self(rawValue: 0x2000)
    /// SERVER_SESSION_STATE_CHANGED: session-state information follows.
    public static let sessionStateChanged = Self(rawValue: 0x4000)
}
