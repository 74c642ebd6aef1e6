/// What a statement is, by its first words.
public enum StatementKind: UInt8, Sendable, BitwiseCopyable, CaseIterable {
    /// Blanks and comments only.
    case empty
    /// Words that start no statement known here; prepare for anything.
    case unknown

    case select
    /// `WITH …`, which may end in SELECT, UPDATE or DELETE.
    case with
    /// `VALUES …` as a statement.
    case values
    /// `TABLE t`.
    case table
    case insert
    case replace
    case update
    case delete
    case loadData
    case call
    case `do`
    case handler

    case begin
    case startTransaction
    case commit
    case rollback
    case savepoint
    case rollbackToSavepoint
    case releaseSavepoint
    case xa

    case set
    /// `SET [GLOBAL | SESSION] TRANSACTION …`.
    case setTransaction
    case setNames
    case setCharacterSet
    case setRole
    /// `SET [DEFAULT] PASSWORD` and `SET DEFAULT ROLE`.
    case setAccount
    /// MariaDB's `SET STATEMENT … FOR …`.
    case setStatement
    case use

    case prepare
    case execute
    case executeImmediate
    case deallocate

    case show
    case explain
    case getDiagnostics
    case signal
    case resignal
    case help

    case createTable
    case createTemporaryTable
    /// `CREATE PROCEDURE`, `FUNCTION`, `TRIGGER`, `EVENT` or `PACKAGE`, and `ALTER EVENT`: statements with a body.
    case createRoutine
    case create
    case alterTable
    case alter
    case dropTable
    case dropTemporaryTable
    case drop
    case rename
    case truncate

    case lockTables
    case unlockTables
    /// `LOCK INSTANCE`, `UNLOCK INSTANCE` and MariaDB's `BACKUP …`.
    case backup
    case flush
    case flushTables
    case reset
    case kill
    /// `ANALYZE`, `CHECK`, `CHECKSUM`, `OPTIMIZE`, `REPAIR`, `CACHE INDEX`, `LOAD INDEX`.
    case maintenance
    case grant
    case revoke
    /// `CHANGE MASTER`, `START` and `STOP` of replicas, `PURGE`, `BINLOG`.
    case replication
    /// `INSTALL`, `UNINSTALL`, `SHUTDOWN`, `RESTART`, `CLONE`, `IMPORT`.
    case administration
    /// MariaDB's `BEGIN NOT ATOMIC … END`.
    case compound
}

extension StatementKind {
    /// What the first statement of `text` is; comments and opening parentheses are passed over, executable ones read.
    public init(of text: Span<UInt8>, mode: SQLLexicalMode = []) {
        var words = LeadingWords(text, mode)
        self = words.kind()
    }
}
