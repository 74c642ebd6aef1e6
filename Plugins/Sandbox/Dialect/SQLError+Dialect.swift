import MySQLWire

/// The errors of the dialect layer, with MySQL's numbers and states.
extension SQLError {
    static func syntax(_ problem: String) -> SQLError {
        SQLError(
            code: 1064, state: "42000",
            message: "You have an error in your SQL syntax, or the sandbox (SQLite) can't do this: \(problem)")
    }

    static func unsupported(_ what: String) -> SQLError {
        SQLError(code: 1235, state: "42000", message: "The sandbox runs on SQLite and doesn't support \(what)")
    }

    static func refused(_ what: String) -> SQLError {
        SQLError(code: 1227, state: "42000", message: "Access denied; the sandbox doesn't let clients run \(what)")
    }

    static func unknownSchema(_ name: String) -> SQLError {
        SQLError(
            code: 1049, state: "42000",
            message: "Unknown database '\(name)'; the sandbox has one, '\(SandboxStorage.schema)'")
    }

    static func unknownVariable(_ name: String) -> SQLError {
        SQLError(code: 1193, message: "Unknown system variable '\(name)'")
    }

    static let emptyQuery = SQLError(code: 1065, state: "42000", message: "Query was empty")
}
