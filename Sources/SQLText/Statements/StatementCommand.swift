/// The name that a statement is counted under: ProxySQL's names of stats_mysql_commands_counters.
package enum StatementCommand: UInt8, Sendable, BitwiseCopyable, CaseIterable {
    case alterTable
    case alterView
    case analyzeTable
    case begin
    case call
    case changeMaster
    case commit
    case createDatabase
    case createIndex
    case createTable
    case createTemporary
    case createTrigger
    case createUser
    case createView
    case deallocate
    case delete
    case describe
    case dropDatabase
    case dropIndex
    case dropTable
    case dropTrigger
    case dropUser
    case dropView
    case grant
    case execute
    case explain
    case flush
    case insert
    case kill
    case load
    case lockTable
    case optimize
    case prepare
    case purge
    case releaseSavepoint
    case renameTable
    case resetMaster
    case resetSlave
    case replace
    case revoke
    case rollback
    case rollbackSavepoint
    case savepoint
    case select
    case selectForUpdate
    case set
    case showTableStatus
    case startTransaction
    case truncateTable
    case unlockTables
    case update
    case use
    case show
    case unknown
}

extension StatementCommand {
    /// The name as the table shows it, for instance `SELECT_FOR_UPDATE`.
    package var name: String {
        String(
            decoding: "\(self)".utf8.flatMap { $0.lowercased == $0 ? [$0.uppercased] : [UInt8(ascii: "_"), $0] },
            as: UTF8.self)
    }

    /// The name for the first statement of `text`; a SELECT is read to its end, in search of `FOR UPDATE`.
    package init(of text: Span<UInt8>, mode: SQLLexicalMode = []) {
        var words = CommandWords(text, mode)
        self = Self(StatementKind(of: text, mode: mode), &words)
    }

    private init(_ kind: StatementKind, _ words: inout CommandWords) {
        self = Self.simple(kind) ?? Self.definition(kind, &words) ?? .unknown
    }

    /// The names that the kind alone tells.
    private static func simple(_ kind: StatementKind) -> Self? {
        switch kind {
        case .insert: .insert
        case .replace: .replace
        case .update: .update
        case .delete: .delete
        case .loadData: .load
        case .call: .call
        case .begin: .begin
        case .startTransaction: .startTransaction
        case .commit: .commit
        case .rollback: .rollback
        case .savepoint: .savepoint
        case .rollbackToSavepoint: .rollbackSavepoint
        case .releaseSavepoint: .releaseSavepoint
        case .set, .setTransaction, .setNames, .setCharacterSet, .setRole, .setAccount, .setStatement: .set
        case .use: .use
        case .prepare: .prepare
        case .execute, .executeImmediate: .execute
        case .deallocate: .deallocate
        case .createTable: .createTable
        case .createTemporaryTable: .createTemporary
        case .alterTable: .alterTable
        case .dropTable, .dropTemporaryTable: .dropTable
        case .truncate: .truncateTable
        case .flush, .flushTables: .flush
        case .kill: .kill
        case .grant: .grant
        case .revoke: .revoke
        case .lockTables: .lockTable
        case .unlockTables: .unlockTables
        default: nil
        }
    }

    /// The names that more words tell.
    private static func definition(_ kind: StatementKind, _ words: inout CommandWords) -> Self? {
        switch kind {
        case .select: words.locksForUpdate() ? .selectForUpdate : .select
        case .with: words.verbBehindWith()
        case .show: words.showsTableStatus() ? .showTableStatus : .show
        case .explain: words.next() == "EXPLAIN" ? .explain : .describe
        case .create, .createRoutine: words.object(of: created)
        case .alter: words.object { $0 == "VIEW" ? .alterView : nil }
        case .drop: words.object(of: dropped)
        case .rename: words.second() == "USER" ? nil : .renameTable
        case .reset: reset(words.second())
        case .maintenance: maintenance(&words)
        case .replication: replication(words.next())
        default: nil
        }
    }

    private static func created(_ word: SQLWord) -> Self? {
        switch word {
        case "DATABASE", "SCHEMA": .createDatabase
        case "INDEX": .createIndex
        case "TRIGGER": .createTrigger
        case "USER": .createUser
        case "VIEW": .createView
        default: nil
        }
    }

    private static func dropped(_ word: SQLWord) -> Self? {
        switch word {
        case "DATABASE", "SCHEMA": .dropDatabase
        case "INDEX": .dropIndex
        case "TRIGGER": .dropTrigger
        case "USER": .dropUser
        case "VIEW": .dropView
        default: nil
        }
    }

    private static func reset(_ word: SQLWord) -> Self? {
        switch word {
        case "MASTER", "BINARY": .resetMaster
        case "SLAVE", "REPLICA": .resetSlave
        default: nil
        }
    }

    private static func maintenance(_ words: inout CommandWords) -> Self? {
        switch words.next() {
        case "ANALYZE": words.isNextStatement() ? .explain : .analyzeTable
        case "OPTIMIZE": .optimize
        case "LOAD": .load
        default: nil
        }
    }

    private static func replication(_ word: SQLWord) -> Self? {
        switch word {
        case "CHANGE": .changeMaster
        case "PURGE": .purge
        default: nil
        }
    }
}
