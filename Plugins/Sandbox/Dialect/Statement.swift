/// What the session does for one statement of a client.
enum Statement: Equatable {
    /// Runs these in SQLite; what the last one brings is the answer.
    case run([String])
    /// As ``run(_:)``, but the transaction that is open is committed first, as MySQL does for its data definitions.
    case define([String])
    /// Runs this and drops its rows.
    case discard(String)
    case set([Assignment])
    case use(String)
    case begin
    case commit
    case rollback
    case nothing
}

/// One part of a SET.
struct Assignment: Equatable {
    enum Value: Equatable {
        /// A bare word such as ON, utf8mb4 or DEFAULT.
        case word(String)
        /// An expression for SQLite.
        case expression(String)
    }

    var isUserVariable: Bool
    var name: String
    var value: Value
}
