/// What the session does for one statement of a client.
enum Statement: Equatable {
    /// Runs these in SQLite; what the last one brings is the answer.
    case run([String])
    /// As ``run(_:)``, but in a transaction nobody else may write from now on: SELECT … FOR UPDATE.
    case lock(String)
    /// Sets, releases or rolls back to a savepoint of the open transaction.
    case savepoint(String)
    /// As ``run(_:)``, but the transaction that is open is committed first, as MySQL does for its data definitions.
    case define([String])
    /// Runs this and drops its rows.
    case discard(String)
    case set([Assignment])
    case use(String)
    /// Begins a transaction, one that reads from a snapshot where its text asks for it.
    case begin(snapshot: Bool)
    case commit
    case rollback
    case nothing

    /// The one text that SQLite can compile ahead; nil where there is none.
    var sql: String? {
        switch self {
        case .run(let texts): texts.count == 1 ? texts[0] : nil
        case .lock(let text): text
        case .savepoint, .define, .discard, .set, .use, .begin, .commit, .rollback, .nothing: nil
        }
    }
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
