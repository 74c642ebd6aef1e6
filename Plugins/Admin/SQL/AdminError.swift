import GRDB
import MySQLWire

/// The errors of the port, with MySQL's numbers and states.
enum AdminError {
    static let empty = SQLError(code: 1065, state: "42000", message: "Query was empty")
    static let administratorsOnly = SQLError(
        code: 1227, state: "42000", message: "Access denied: this account reads statistics and changes nothing")
    static let readOnly = SQLError(
        code: 1290, message: "The port is read only; SET admin-read_only='false' first")

    static func syntax(_ problem: String) -> SQLError {
        SQLError(code: 1064, state: "42000", message: "\(problem); SELECT * FROM help lists the commands")
    }

    static func unknownVariable(_ name: String) -> SQLError {
        SQLError(code: 1193, message: "Unknown system variable '\(name)'")
    }

    static func unknownSchema(_ name: String) -> SQLError {
        SQLError(code: 1049, state: "42000", message: "Unknown database '\(name)'; SHOW DATABASES lists them")
    }

    static func unknownTable(_ name: String) -> SQLError {
        SQLError(code: 1146, state: "42S02", message: "no such table: \(name); SHOW TABLES lists them")
    }

    /// What a client is told of anything thrown.
    static func told(_ error: any Error) -> SQLError {
        if let error = error as? SQLError { return error }
        guard let error = error as? DatabaseError else { return SQLError(code: 1105, message: "\(error)") }
        let message = error.message ?? "SQLite error \(error.extendedResultCode.rawValue)"
        switch error.resultCode {
        case .SQLITE_CONSTRAINT: return constraint(error.extendedResultCode, message)
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            return SQLError(code: 1205, message: "Lock wait timeout exceeded: somebody else writes; try again")
        case .SQLITE_INTERRUPT: return SQLError(code: 1317, state: "70100", message: "Query execution was interrupted")
        case .SQLITE_FULL: return SQLError(code: 1114, message: "No room is left: \(message)")
        case .SQLITE_ERROR: return general(message)
        case _: return SQLError(code: 1105, message: message)
        }
    }

    private static func constraint(_ code: ResultCode, _ message: String) -> SQLError {
        switch code {
        case .SQLITE_CONSTRAINT_UNIQUE, .SQLITE_CONSTRAINT_PRIMARYKEY, .SQLITE_CONSTRAINT_ROWID:
            SQLError(code: 1062, state: "23000", message: message)
        case .SQLITE_CONSTRAINT_NOTNULL: SQLError(code: 1048, state: "23000", message: message)
        case .SQLITE_CONSTRAINT_CHECK: SQLError(code: 3819, message: message)
        case _: SQLError(code: 1105, state: "23000", message: message)
        }
    }

    /// Errors that SQLite tells apart by their texts only.
    private static func general(_ message: String) -> SQLError {
        func begins(_ text: String) -> Bool { message.hasPrefix(text) }
        if begins("no such table") { return SQLError(code: 1146, state: "42S02", message: message) }
        if begins("no such column") || message.contains(" has no column named ") {
            return SQLError(code: 1054, state: "42S22", message: message)
        }
        if begins("no such function") { return SQLError(code: 1305, state: "42000", message: message) }
        if begins("Unknown global variable") { return SQLError(code: 1193, message: message) }
        if begins("Variable ") { return SQLError(code: 1231, state: "42000", message: message) }
        return SQLError(code: 1064, state: "42000", message: message)
    }
}
