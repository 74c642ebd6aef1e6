import MySQLWire
import SQLText

/// What a client's statement commands are read by.
struct StatementRules: Sendable {
    /// How the texts of new statements are read: the session's sql_mode.
    var mode: SQLLexicalMode = []
    /// Whether the client has negotiated COM_STMT_BULK_EXECUTE (MariaDB).
    var allowsBulk = false
    /// Where equal texts become one.
    var table: StatementTable = .shared
    /// The most bytes of long data that are held for a client.
    var longDataLimit = 64 << 20
}
