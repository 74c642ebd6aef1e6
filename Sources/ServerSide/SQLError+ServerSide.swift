import MySQLWire

/// The errors a server answers by itself, with MySQL's numbers, states and texts.
extension SQLError {
    static let packetTooLarge = SQLError(
        code: 1153, state: "08S01", message: "Got a packet bigger than 'max_allowed_packet' bytes")
    static let packetsOutOfOrder = SQLError(code: 1156, state: "08S01", message: "Got packets out of order")
    static let tooManyStatements = SQLError(
        code: 1461, state: "42000",
        message: "Can't create more than max_prepared_stmt_count statements (current value: 16382)")

    /// Error 1835: a packet that doesn't follow the protocol.
    static func malformed(_ problem: String) -> SQLError {
        SQLError(code: 1835, message: "Malformed communication packet: \(problem)")
    }

    static func unknownCommand(_ command: Command) -> SQLError {
        SQLError(code: 1047, state: "08S01", message: "Unknown command: \(command)")
    }

    static func unknownStatement(_ id: UInt32, _ function: String) -> SQLError {
        SQLError(code: 1243, message: "Unknown prepared statement handler (\(id)) given to \(function)")
    }

    static func noOpenCursor(_ id: UInt32) -> SQLError {
        SQLError(code: 1421, message: "The statement (\(id)) has no open cursor.")
    }
}
