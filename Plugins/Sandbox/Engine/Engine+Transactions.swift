import GRDB

/// Transactions: SQLite lets one connection write at a time, and refuses a write on reads that are outdated.
///
/// A transaction therefore only begins in SQLite with its first write, as the one writer (BEGIN IMMEDIATE): before that
/// its reads see what others commit (READ COMMITTED), and no transaction fails because it read first and wrote later.
/// BEGIN IMMEDIATE at once would make every transaction, those that only read included, wait for whoever idles in one;
/// a snapshot from the first read on would lose all but one of the transactions that read and then write. Who asks for
/// REPEATABLE READ, SERIALIZABLE or a consistent snapshot gets the snapshot, and error 1213 where it is outdated.
extension Engine {
    func begin(snapshot: Bool, _ database: Database) throws {
        try commit(database)
        guard snapshot || state.readsSnapshots else { return isPending = true }
        try database.execute(sql: "BEGIN")
        // SQLite takes its snapshot with the first read.
        if snapshot { _ = try Row.fetchOne(database, sql: "SELECT 1 FROM sqlite_schema") }
    }

    func commit(_ database: Database) throws {
        isPending = false
        if database.isInsideTransaction { try database.execute(sql: "COMMIT") }
    }

    func rollBack(_ database: Database) throws {
        isPending = false
        if database.isInsideTransaction { try database.execute(sql: "ROLLBACK") }
    }

    /// Without autocommit every statement is part of a transaction.
    func beginUnlessAutocommit() {
        if !state.isAutocommit { isPending = true }
    }

    /// Brings the transaction to where `statement` can run.
    func prepareTransaction(for statement: GRDB.Statement, in database: Database) throws {
        guard !database.isInsideTransaction else { return }
        beginUnlessAutocommit()
        if !statement.isReadonly {
            try lock(database)
        } else if isPending, state.readsSnapshots {
            try database.execute(sql: "BEGIN")
            isPending = false
        }
    }

    /// Makes the open transaction the one writer, which waits for the one before it.
    func lock(_ database: Database) throws {
        guard isPending, !database.isInsideTransaction else { return }
        try database.execute(sql: "BEGIN IMMEDIATE")
        isPending = false
    }

    /// A savepoint outside of a transaction is none: SQLite would begin one there that nothing ends.
    func savepoint(_ text: String, _ database: Database) throws {
        beginUnlessAutocommit()
        try lock(database)
        if !database.isInsideTransaction, text.uppercased().hasPrefix("SAVEPOINT") { return }
        try database.execute(sql: text)
    }
}
