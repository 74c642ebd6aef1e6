import GRDB
import MySQLWire

/// SQLite's errors as MySQL tells them.
extension SQLError {
    init(_ error: DatabaseError) {
        let message = error.message ?? "SQLite error \(error.extendedResultCode.rawValue)"
        switch error.resultCode {
        case .SQLITE_CONSTRAINT: self = Self.constraint(error.extendedResultCode, message)
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            self =
                error.extendedResultCode == .SQLITE_BUSY_SNAPSHOT
                ? Self.deadlock
                : SQLError(code: 1205, message: "Lock wait timeout exceeded; try restarting transaction")
        case .SQLITE_INTERRUPT: self.init(code: 1317, state: "70100", message: "Query execution was interrupted")
        case .SQLITE_READONLY: self.init(code: 1290, message: "The sandbox's database can't be written: \(message)")
        case .SQLITE_FULL: self.init(code: 1114, message: "The sandbox's disk is full: \(message)")
        case .SQLITE_TOOBIG: self.init(code: 1153, state: "08S01", message: "Value too long for SQLite: \(message)")
        case .SQLITE_ERROR: self = Self.general(message)
        case _: self.init(code: 1105, message: "SQLite: \(message)")
        }
    }

    static let deadlock = SQLError(
        code: 1213, state: "40001", message: "Deadlock found when trying to get lock; try restarting transaction")

    private static func constraint(_ code: ResultCode, _ message: String) -> SQLError {
        let column = message.split(separator: ":").last.map { $0.drop { $0 == " " } } ?? ""
        switch code {
        case .SQLITE_CONSTRAINT_UNIQUE, .SQLITE_CONSTRAINT_PRIMARYKEY, .SQLITE_CONSTRAINT_ROWID:
            return SQLError(code: 1062, state: "23000", message: "Duplicate entry for key '\(column)'")
        case .SQLITE_CONSTRAINT_NOTNULL:
            let name = column.split(separator: ".").last ?? ""
            return SQLError(code: 1048, state: "23000", message: "Column '\(name)' cannot be null")
        case .SQLITE_CONSTRAINT_FOREIGNKEY:
            return SQLError(
                code: 1452, state: "23000",
                message: "Cannot add or update a child row: a foreign key constraint fails")
        case .SQLITE_CONSTRAINT_CHECK:
            return SQLError(code: 3819, message: "Check constraint '\(column)' is violated.")
        case _: return SQLError(code: 1105, state: "23000", message: "SQLite: \(message)")
        }
    }

    /// Errors that SQLite tells apart by their texts only.
    private static func general(_ message: String) -> SQLError {
        if let name = message.behind("no such table: ") {
            let table = name.split(separator: ".").last ?? ""
            return SQLError(
                code: 1146, state: "42S02", message: "Table '\(SandboxStorage.schema).\(table)' doesn't exist")
        }
        if let name = message.behind("no such column: ") {
            return SQLError(code: 1054, state: "42S22", message: "Unknown column '\(name)' in 'field list'")
        }
        if message.contains(" has no column named "), let name = message.split(separator: " ").last {
            return SQLError(code: 1054, state: "42S22", message: "Unknown column '\(name)' in 'field list'")
        }
        if let name = message.behind("no such function: ") {
            return SQLError(code: 1305, state: "42000", message: "FUNCTION \(name) does not exist in the sandbox")
        }
        if message.hasSuffix(" already exists") {
            let isIndex = message.hasPrefix("index ")
            return SQLError(code: isIndex ? 1061 : 1050, state: isIndex ? "42000" : "42S01", message: message)
        }
        if message.contains(" values for ") || message.contains(" values were supplied") {
            return SQLError(code: 1136, state: "21S01", message: "Column count doesn't match value count: \(message)")
        }
        if message.contains("no such savepoint") {
            return SQLError(code: 1305, state: "42000", message: "SAVEPOINT does not exist: \(message)")
        }
        if message.contains("syntax error") || message == "incomplete input" || message.contains("unrecognized token") {
            return SQLError.syntax(message)
        }
        return SQLError(code: 1105, message: "SQLite: \(message)")
    }
}

extension String {
    fileprivate func behind(_ prefix: String) -> Substring? {
        hasPrefix(prefix) ? dropFirst(prefix.count) : nil
    }
}
