/// What a statement does, or may do, to its session and connection.
public struct StatementFacts: OptionSet, BitwiseCopyable, Hashable, Sendable {
    /// The facts as bits.
    public let rawValue: UInt64

    /// Facts from their bits.
    public init(rawValue: UInt64) { self.rawValue = rawValue }

    private init(bit: UInt64) { rawValue = 1 &<< bit }
}

// Transactions.
extension StatementFacts {
    /// BEGIN, START TRANSACTION, XA START, COMMIT and ROLLBACK AND CHAIN.
    public static let startsTransaction = Self(bit: 0)
    /// COMMIT, ROLLBACK (to no savepoint), XA COMMIT and XA ROLLBACK.
    public static let endsTransaction = Self(bit: 1)
    /// Commits what is open before it does its work, at least where its object isn't temporary.
    public static let commitsImplicitly = Self(bit: 2)
    /// START TRANSACTION READ ONLY.
    public static let startsReadOnlyTransaction = Self(bit: 3)
    /// START TRANSACTION WITH CONSISTENT SNAPSHOT.
    public static let takesSnapshot = Self(bit: 4)
    /// SAVEPOINT, RELEASE SAVEPOINT, ROLLBACK TO.
    public static let usesSavepoint = Self(bit: 5)
    /// XA of any sort but RECOVER; a branch belongs to its connection until it is committed or rolled back.
    public static let usesXA = Self(bit: 6)
    /// COMMIT or ROLLBACK RELEASE: the server hangs up.
    public static let closesConnection = Self(bit: 7)
    /// SET autocommit to 0; with `enablesAutocommit` too: to a value that the text doesn't tell.
    public static let disablesAutocommit = Self(bit: 8)
    /// SET autocommit to 1, which commits; with `disablesAutocommit` too: to a value that the text doesn't tell.
    public static let enablesAutocommit = Self(bit: 9)
    /// SET TRANSACTION for the next transaction alone, also as `SET @@tx_isolation` without a scope.
    public static let setsNextTransaction = Self(bit: 10)
    /// SET SESSION TRANSACTION.
    public static let setsSessionTransaction = Self(bit: 11)
}

// What ties a session to its connection.
extension StatementFacts {
    /// CREATE TEMPORARY TABLE or SEQUENCE.
    public static let createsTemporaryTable = Self(bit: 12)
    /// DROP TABLE or SEQUENCE, of temporary ones perhaps; those after a failing one are dropped all the same.
    public static let dropsTable = Self(bit: 13)
    /// ALTER TABLE … RENAME and RENAME TABLE, of temporary ones perhaps.
    public static let renamesTable = Self(bit: 14)
    /// DROP SCHEMA: the session is left without one if it was the current; temporary tables in it stay.
    public static let dropsSchema = Self(bit: 15)
    /// LOCK TABLES, FLUSH TABLES t WITH READ LOCK, FLUSH TABLES t FOR EXPORT.
    public static let locksTables = Self(bit: 16)
    /// UNLOCK TABLES, which ends the global read lock too.
    public static let unlocksTables = Self(bit: 17)
    /// FLUSH TABLES WITH READ LOCK.
    public static let takesGlobalReadLock = Self(bit: 18)
    /// LOCK INSTANCE, BACKUP STAGE, BACKUP LOCK.
    public static let locksBackup = Self(bit: 19)
    /// UNLOCK INSTANCE, BACKUP STAGE END, BACKUP UNLOCK.
    public static let unlocksBackup = Self(bit: 20)
    /// GET_LOCK().
    public static let takesNamedLock = Self(bit: 21)
    /// RELEASE_LOCK() or RELEASE_ALL_LOCKS() somewhere; whether it is evaluated is not said.
    public static let releasesNamedLock = Self(bit: 22)
    /// Exactly `SELECT` or `DO RELEASE_ALL_LOCKS()`: when it has succeeded no named lock is left.
    public static let releasesAllNamedLocks = Self(bit: 23)
    /// HANDLER … OPEN.
    public static let opensHandler = Self(bit: 24)
    /// HANDLER … CLOSE.
    public static let closesHandler = Self(bit: 25)
    /// HANDLER … READ.
    public static let usesHandler = Self(bit: 26)
}

// What can be replayed.
extension StatementFacts {
    /// PREPARE.
    public static let prepares = Self(bit: 27)
    /// EXECUTE of a prepared statement: its text's effects happen too.
    public static let executesPrepared = Self(bit: 28)
    /// DEALLOCATE or DROP PREPARE.
    public static let deallocates = Self(bit: 29)
    /// EXECUTE IMMEDIATE of something else than one string, whose effects are among these otherwise.
    public static let executesUnseenText = Self(bit: 30)
    /// A user variable is read.
    public static let readsUserVariable = Self(bit: 31)
    /// A user variable is assigned.
    public static let assignsUserVariable = Self(bit: 32)
    /// SET of session variables, by name.
    public static let setsSessionVariable = Self(bit: 33)
    /// SET GLOBAL, PERSIST or PERSIST_ONLY: no state of this session.
    public static let setsGlobalVariable = Self(bit: 34)
    /// SET NAMES.
    public static let setsNames = Self(bit: 35)
    /// SET CHARACTER SET.
    public static let setsCharacterSet = Self(bit: 36)
    /// SET ROLE.
    public static let setsRole = Self(bit: 37)
    /// SET PASSWORD and SET DEFAULT ROLE: no state of this session.
    public static let changesAccount = Self(bit: 38)
    /// SET STATEMENT … FOR, which restores what it sets.
    public static let setsForStatement = Self(bit: 39)
    /// USE.
    public static let usesSchema = Self(bit: 40)
    /// SET sql_mode: what follows is read by other rules.
    public static let changesLexicalMode = Self(bit: 41)
}

// The last statement, the connection, and the rest.
extension StatementFacts {
    /// A value of the last statement or the connection is read: see `StatementDetail.refers`.
    public static let refersToSession = Self(bit: 42)
    /// LAST_INSERT_ID(value).
    public static let setsLastInsertID = Self(bit: 43)
    /// SELECT SQL_CALC_FOUND_ROWS.
    public static let calculatesFoundRows = Self(bit: 44)
    /// SHOW WARNINGS, SHOW ERRORS, their counts, GET DIAGNOSTICS.
    public static let readsDiagnostics = Self(bit: 45)
    /// SHOW PROFILE and SHOW PROFILES.
    public static let readsProfile = Self(bit: 46)
    /// SHOW [SESSION] STATUS.
    public static let readsSessionStatus = Self(bit: 47)
    /// KILL, EXPLAIN FOR CONNECTION, SHOW EXPLAIN FOR: the id of a connection.
    public static let namesConnection = Self(bit: 48)
    /// NEXTVAL(), NEXT VALUE FOR, and `s.NEXTVAL`, which sql_mode ORACLE knows.
    public static let advancesSequence = Self(bit: 49)
    /// LASTVAL(), PREVIOUS VALUE FOR, `s.CURRVAL`: what this connection took last.
    public static let readsSequence = Self(bit: 50)
    /// CALL and compound statements: state may change out of sight.
    public static let runsRoutine = Self(bit: 51)
    /// A function that isn't known as the server's own: stored, loadable or new; state may change out of sight.
    public static let callsForeignFunction = Self(bit: 52)
    /// SELECT … FOR UPDATE, FOR SHARE, LOCK IN SHARE MODE.
    public static let locksRows = Self(bit: 53)
    /// SELECT … INTO OUTFILE or DUMPFILE.
    public static let writesFile = Self(bit: 54)
    /// LOAD DATA or XML from a file of the server.
    public static let loadsFile = Self(bit: 55)
    /// LOAD DATA or XML LOCAL: the server asks the client for the file.
    public static let loadsLocalFile = Self(bit: 56)
    /// INSERT, REPLACE, UPDATE, DELETE, LOAD, TRUNCATE.
    public static let writesRows = Self(bit: 57)
    /// SETVAL(), which changes the sequence and not what this connection took last.
    public static let setsSequence = Self(bit: 58)

    /// What a statement can't do and still be answered by any server with the same data.
    static let writing: Self = [
        .takesNamedLock, .releasesNamedLock, .assignsUserVariable, .setsLastInsertID, .advancesSequence,
        .setsSequence, .callsForeignFunction, .locksRows, .writesFile, .writesRows, .runsRoutine,
    ]
}
