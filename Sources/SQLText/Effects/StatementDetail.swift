/// A name or place that belongs to a statement's effects.
///
/// Of what a string of EXECUTE IMMEDIATE does, the place is that of the string.
public enum StatementDetail: Equatable, Sendable {
    /// `@a`; one that comes often in a row may be told once.
    case readsUserVariable(SQLName)
    /// `@a :=`, `SET @a =`, `INTO @a`, `CALL p(@a)`, GET DIAGNOSTICS, LOAD DATA's columns.
    case assignsUserVariable(SQLName)
    /// SET of a session variable, and where the value stands.
    case setsVariable(SQLName, value: Range<Int>)
    /// USE.
    case usesSchema(SQLName)
    /// CREATE TEMPORARY TABLE or SEQUENCE.
    case createsTemporaryTable(SQLTableName)
    /// DROP TABLE or SEQUENCE; with TEMPORARY it never is a permanent one.
    case dropsTable(SQLTableName, onlyTemporary: Bool)
    /// ALTER TABLE … RENAME, RENAME TABLE; without a schema the new name is in the old one's (ALTER) or the current.
    case renamesTable(SQLTableName, to: SQLTableName)
    /// HANDLER … OPEN: the alias, or the table's name.
    case opensHandler(SQLName)
    /// HANDLER … CLOSE.
    case closesHandler(SQLName)
    /// PREPARE.
    case prepares(SQLName, from: PreparedSource)
    /// EXECUTE.
    case executes(SQLName)
    /// DEALLOCATE or DROP PREPARE.
    case deallocates(SQLName)
    /// A call or variable that tells something of the last statement or the connection, and where it stands.
    case refers(SessionValue, Range<Int>)
    /// KILL.
    case kills(KillTarget)
}

/// What a function or system variable tells about the last statement or the connection.
public enum SessionValue: UInt8, Sendable, BitwiseCopyable, CaseIterable {
    /// LAST_INSERT_ID(), @@last_insert_id, @@identity.
    case lastInsertID
    /// ROW_COUNT().
    case rowCount
    /// FOUND_ROWS().
    case foundRows
    /// CONNECTION_ID(), @@pseudo_thread_id.
    case connectionID
    /// IS_USED_LOCK(…), which answers with some connection's id; the place is that of the name alone.
    case lockHolder
    /// @@warning_count.
    case warningCount
    /// @@error_count.
    case errorCount
    /// @@insert_id, @@rand_seed1, @@rand_seed2.
    case seed
    /// @@in_transaction.
    case inTransaction
    /// @@last_gtid.
    case lastGTID
}

/// What a PREPARE prepares.
public enum PreparedSource: Equatable, Sendable {
    /// The text of one string, escapes resolved.
    case text([UInt8])
    /// A user variable's value.
    case variable(SQLName)
    /// Any other expression.
    case expression
}

/// What a KILL kills.
public enum KillTarget: Equatable, Sendable {
    /// KILL [CONNECTION] with a number.
    case connection(UInt64)
    /// KILL QUERY with a connection's number.
    case query(UInt64)
    /// Anything else: an expression, KILL QUERY ID, KILL USER.
    case other
}
