import MySQLWire

/// The errors that a server answers to commands for prepared statements, in its words.
///
/// Source: MariaDB 10.11, observed.
extension SQLError {
    /// ER_UNKNOWN_STMT_HANDLER; `id` is the number as the client sent it.
    static func unknownStatement(_ id: UInt32, _ command: Command) -> Self {
        let function =
            switch command {
            case .resetStatement: "mysqld_stmt_reset"
            case .fetch: "mysqld_stmt_fetch"
            default: "mysqld_stmt_execute"
            }
        return SQLError(code: 1243, message: "Unknown prepared statement handler (\(id)) given to \(function)")
    }

    /// ER_STMT_HAS_NO_OPEN_CURSOR; `id` is the number as the client sent it.
    static func noCursor(_ id: UInt32) -> Self {
        SQLError(code: 1421, message: "The statement (\(id)) has no open cursor")
    }

    /// ER_MAX_PREPARED_STMT_COUNT_REACHED.
    static func tooManyStatements(_ limit: Int) -> Self {
        let message = "Can't create more than max_prepared_stmt_count statements (current value: \(limit))"
        return SQLError(code: 1461, state: "42000", message: message)
    }

    /// ER_MALFORMED_PACKET.
    static var malformedPacket: Self { SQLError(code: 1835, message: "Malformed communication packet") }

    /// ER_WRONG_ARGUMENTS.
    static var wrongArguments: Self {
        SQLError(code: 1210, message: "Incorrect arguments to mysqld_stmt_execute")
    }

    /// ER_UNSUPPORTED_PS.
    static var unsupportedWhenPrepared: Self {
        SQLError(code: 1295, message: "This command is not supported in the prepared statement protocol yet")
    }

    /// ER_NEED_REPREPARE.
    static var needsPreparingAgain: Self {
        SQLError(code: 1615, message: "Prepared statement needs to be re-prepared")
    }

    /// ER_UNKNOWN_COM_ERROR.
    static var unknownCommand: Self { SQLError(code: 1047, state: "08S01", message: "Unknown command") }
}

/// What is wrong with a parameter's long data; every execution fails by it until COM_STMT_RESET.
enum LongDataFault: UInt8, Sendable {
    /// There is no such parameter.
    case noSuchParameter
    /// More than the server takes, or more than is held for a client.
    case tooLong

    var error: SQLError {
        switch self {
        case .noSuchParameter: SQLError(code: 1210, message: "Incorrect arguments to mysqld_stmt_send_long_data")
        case .tooLong: SQLError(code: 1105, message: Self.tooLongText)
        }
    }

    private static let tooLongText =
        "Parameter of prepared statement which is set through mysql_send_long_data() is longer than "
        + "'max_allowed_packet' bytes"
}
