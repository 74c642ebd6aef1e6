import MySQLWire
import Pooling
import SQLText

/// What ties a session to the connection that it used last.
///
/// It is told of every answer. A tie that begins where a statement may have done something ends only where that is
/// certainly over.
struct SessionTies: Sendable {
    // In an order that leaves no gaps: every session has them.
    /// What ties few sessions: tables, locks, handlers.
    private var things = Seldom<Things>()
    /// What the session remembers, and can be given again elsewhere.
    var memory = SessionMemory()
    /// A transaction is open, or may be.
    private(set) var hasTransaction = false
    /// Characteristics may be set for the next transaction that the server hasn't told.
    private(set) var hasTransactionAhead = false
    /// Savepoints wait for a transaction, with autocommit off.
    private(set) var hasSavepoint = false
    /// autocommit is off, as the last status said.
    private(set) var isAutocommitOff = false
    /// There may be temporary tables whose names nobody knows.
    private(set) var hasUnnamedTables = false
    /// State that can't be seen, until a reset.
    private(set) var hasHiddenState = false
    /// A cursor of a binary prepared statement is open; its keeper says so.
    var hasCursor = false
    /// The statement switched the funnel's session tracking off: `SettingsDifference.tracking` has to be set before
    /// the next.
    var lostTracking = false
    /// XA was used, whose transactions ROLLBACK doesn't end.
    private(set) var usedXA = false
    /// Profiles were taken, which outlive a reset.
    private(set) var hasProfiles = false
    /// The server may hold changes back that an error kept it from telling: a reset before anybody else has the
    /// connection.
    private(set) var mayTellLate = false

    private struct Things: Vacant {
        var temporaryTables: Set<SQLTableName> = []
        var locks = Locks()
        var handlers: Set<SQLName> = []

        var isVacant: Bool { temporaryTables.isEmpty && locks == Locks() && handlers.isEmpty }
    }

    /// The temporary tables, each with its schema where one was known.
    private(set) var temporaryTables: Set<SQLTableName> {
        get { things.part({ $0.temporaryTables }, orNothing: Set()) }
        set { things.change { $0.temporaryTables = newValue } }
    }

    /// Locks of tables, of all tables, and of the backup.
    private(set) var locks: Locks {
        get { things.part({ $0.locks }, orNothing: Locks()) }
        set { things.change { $0.locks = newValue } }
    }

    /// HANDLERs, by alias.
    private(set) var handlers: Set<SQLName> {
        get { things.part({ $0.handlers }, orNothing: Set()) }
        set { things.change { $0.handlers = newValue } }
    }

    /// Locks that only their holder can end.
    struct Locks: Equatable, Sendable {
        /// LOCK TABLES.
        var tables = false
        /// FLUSH TABLES WITH READ LOCK.
        var global = false
        /// BACKUP.
        var backup = false
        /// GET_LOCK() of which nobody knows the name, or how often.
        var named = false
        /// Named locks, and how often each may be held at most.
        var counts: [String: Int] = [:]

        /// More names than that are not counted.
        private static let mostNames = 64

        /// Whether a named lock may be held.
        var holdsName: Bool { named || !counts.isEmpty }

        /// A statement has called GET_LOCK().
        mutating func takes(_ form: NamedLockForm?) {
            guard case .takes(let name)? = form, counts[name] != nil || counts.count < Self.mostNames else {
                return named = true
            }
            counts[name, default: 0] += 1
        }

        /// A statement that succeeded has called RELEASE_LOCK().
        mutating func releases(_ form: NamedLockForm?) {
            guard case .releases(let name)? = form, let count = counts[name] else { return }
            counts[name] = count > 1 ? count - 1 : nil
        }

        mutating func releasesNames() { (named, counts) = (false, [:]) }
    }

    /// The reasons to keep the connection.
    var pins: PinSet {
        var pins = PinSet()
        if hasTransaction || hasTransactionAhead || hasSavepoint { pins.insert(.transaction) }
        if hasUnnamedTables { pins.insert(.temporaryTable) }
        if !things.isVacant {
            if !temporaryTables.isEmpty { pins.insert(.temporaryTable) }
            if locks.tables || locks.global || locks.backup { pins.insert(.lockedTables) }
            if locks.holdsName { pins.insert(.namedLock) }
            if !handlers.isEmpty { pins.insert(.handler) }
        }
        if hasCursor { pins.insert(.cursor) }
        if hasHiddenState || !memory.unseenStatements.isEmpty { pins.insert(.hiddenState) }
        return pins
    }
}

extension SessionTies {
    /// A command was answered.
    ///
    /// - Parameters:
    ///   - text: the text whose effects the answer holds.
    ///   - schema: the session's schema before it.
    ///   - foreign: what the connection had of another session before it.
    mutating func answered(
        _ answer: StatementAnswer, _ text: Span<UInt8>, schema: [UInt8]?, foreign: LastValues = []
    ) {
        if answer.command == .resetConnection || answer.command == .changeUser {
            if answer.isSuccess { self = Self() }
            return
        }
        let done = memory.executed(answer.effects)
        transaction(answer, done)
        if !done.facts.isDisjoint(with: Self.tying) {
            temporaryTables(answer, done, schema)
            locks(answer, done, text)
            handlers(answer, done)
        }
        told(answer, done, text)
        hidden(answer, done, text)
        memory.answered(answer, done, text, schema: schema, foreign: foreign)
    }

    /// A SELECT that does nothing but read was answered by rows: ``answered(_:_:schema:foreign:)`` with less to look at.
    ///
    /// - Parameters:
    ///   - foundRows: FOUND_ROWS() behind it.
    ///   - status: the status that the answer told.
    ///   - namesTable: whether FROM names a table.
    mutating func rowsAnswered(
        foundRows: LastStatement.Value, status: StatusFlags, namesTable: Bool, foreign: LastValues
    ) {
        isAutocommitOff = !status.contains(.autocommit)
        hasTransaction = status.contains(.inTransaction)
        memory.last.rowsAnswered(foundRows: foundRows, namesTable: namesTable, foreign: foreign)
    }

    /// The connection is gone, or was reset by the funnel: what was tied to it is no more.
    mutating func connectionLost() {
        var fresh = Self()
        fresh.isAutocommitOff = isAutocommitOff
        self = fresh
    }

    private static let tying: StatementFacts = [
        .createsTemporaryTable, .dropsTable, .renamesTable, .locksTables, .unlocksTables, .takesGlobalReadLock,
        .locksBackup, .unlocksBackup, .takesNamedLock, .releasesNamedLock, .releasesAllNamedLocks, .opensHandler,
        .closesHandler,
    ]
}

// Transactions.
extension SessionTies {
    /// The server's own word counts. It says nothing with an error, which may leave a transaction behind where
    /// autocommit is off, and end one (a deadlock): the next OK tells.
    private mutating func transaction(_ answer: StatementAnswer, _ done: ExecutedEffects) {
        if let status = answer.status {
            isAutocommitOff = !status.contains(.autocommit)
            hasTransaction = status.contains(.inTransaction)
        }
        if done.facts.contains(.usesXA) { usedXA = true }
        if answer.isError, isAutocommitOff, !answer.isSyntaxError { hasTransaction = true }
        transactionAhead(answer, done)
        if isAutocommitOff, done.facts.contains(.usesSavepoint), !answer.isFirstFailing { hasSavepoint = true }
        let ends: StatementFacts = [.endsTransaction, .enablesAutocommit, .commitsImplicitly]
        if hasSavepoint, answer.isSuccess, !hasTransaction, !done.facts.isDisjoint(with: ends) { hasSavepoint = false }
    }

    /// Errors may use up what was set for the next transaction, which isn't told before another OK tells something.
    private mutating func transactionAhead(_ answer: StatementAnswer, _ done: ExecutedEffects) {
        // The same text again isn't told.
        if done.facts.contains(.setsNextTransaction), !answer.isFirstFailing, memory.nextTransaction.isEmpty {
            hasTransactionAhead = true
        }
        guard !memory.nextTransaction.isEmpty else { return }
        if answer.isError, !answer.leavesTransactionAhead {
            hasTransactionAhead = true
        } else if !answer.changes.isEmpty {
            hasTransactionAhead = false
        }
    }

    /// What would set them again; in a transaction they tell of that one, and of those that it began with.
    private mutating func characteristics(_ text: String) {
        let statements = text.split(separator: ";").map { $0.drop { $0 == " " } }
        hasTransactionAhead = !statements.allSatisfy { $0.hasPrefix("SET TRANSACTION ") }
        memory.nextTransaction = hasTransactionAhead ? "" : text
    }

    /// What the trackers tell.
    private mutating func told(_ answer: StatementAnswer, _ done: ExecutedEffects, _ text: Span<UInt8>) {
        for change in answer.changes {
            switch change {
            case .transactionState(let state):
                // A letter each: the transaction (T explicit, I implicit), what it read and wrote, L for locked tables.
                hasTransaction = !state.utf8.starts(with: [UInt8(ascii: "_")]) || (hasTransaction && answer.isError)
                locks.tables = state.utf8.last == UInt8(ascii: "L")
            case .transactionCharacteristics(let text): characteristics(text)
            case .systemVariables(let variables): told(variables, done)
            case .schema, .stateChanged, .gtids, .unknown: break
            }
        }
    }

    private mutating func told(_ variables: [SessionStateChange.SystemVariable], _ done: ExecutedEffects) {
        // They are set back at once.
        if done.facts.contains(.setsForStatement) { return }
        for variable in variables {
            let kind = SettingVariable(variable.name)
            if kind.isOneShot || kind.isTied { hasHiddenState = true }
            if kind.belongsToFunnel { lostTracking = true }
            if variable.name == "profiling" { hasProfiles = true }
        }
    }
}

// Temporary tables, locks, handlers.
extension SessionTies {
    /// A warning may say that a table wasn't dropped after all (`DROP SEQUENCE IF EXISTS` of a table).
    private mutating func temporaryTables(_ answer: StatementAnswer, _ done: ExecutedEffects, _ schema: [UInt8]?) {
        let current = schema.map { SQLName($0) }
        // Which schema was current when, in a text of several statements, is not known.
        let isMoving = done.facts.contains(.usesSchema)
        for detail in done.details {
            switch detail {
            case .createsTemporaryTable(let name):
                if answer.isFirstFailing { continue }
                if isMoving { hasUnnamedTables = true }
                temporaryTables.insert(name.placed(in: current))
            case .dropsTable(let name, _):
                guard answer.isSuccess, answer.warnings == 0, !isMoving else { continue }
                temporaryTables.remove(name.placed(in: current))
            case .renamesTable(let old, let new):
                guard !answer.isFirstFailing, temporaryTables.contains(old.placed(in: current)) else { continue }
                renamed(old.placed(in: current), new, current)
            default: continue
            }
        }
    }

    /// ALTER TABLE takes the old name's schema for a new name without one, RENAME TABLE the current.
    private mutating func renamed(_ old: SQLTableName, _ new: SQLTableName, _ current: SQLName?) {
        guard new.schema != nil || old.schema == current else { return hasUnnamedTables = true }
        temporaryTables.remove(old)
        temporaryTables.insert(new.placed(in: current))
    }

    private mutating func locks(_ answer: StatementAnswer, _ done: ExecutedEffects, _ text: Span<UInt8>) {
        let facts = done.facts
        if answer.isSuccess {
            if facts.contains(.unlocksTables) { (locks.tables, locks.global) = (false, false) }
            if facts.contains(.unlocksBackup) { locks.backup = false }
            if facts.contains(.releasesAllNamedLocks) { locks.releasesNames() }
            if facts.contains(.releasesNamedLock) { locks.releases(NamedLockForm(text)) }
        }
        // A lock taken behind the release in the same text remains.
        if facts.contains(.takesNamedLock), !answer.isSyntaxError { locks.takes(NamedLockForm(text)) }
        guard !answer.isFirstFailing else { return }
        if facts.contains(.locksTables) { locks.tables = true }
        if facts.contains(.takesGlobalReadLock) { locks.global = true }
        if facts.contains(.locksBackup) { locks.backup = true }
    }

    private mutating func handlers(_ answer: StatementAnswer, _ done: ExecutedEffects) {
        for detail in done.details {
            switch detail {
            case .opensHandler(let name): if !answer.isFirstFailing { handlers.insert(name) }
            case .closesHandler(let name): if answer.isSuccess { handlers.remove(name) }
            default: continue
            }
        }
    }
}

// What can't be seen.
extension SessionTies {
    /// Routines and foreign functions may assign user variables and take named locks, of which the server tells
    /// nothing, so that each of them pins; so does what isn't understood, unless the server didn't understand it
    /// either.
    private mutating func hidden(_ answer: StatementAnswer, _ done: ExecutedEffects, _ text: Span<UInt8>) {
        if answer.isError, !done.facts.isDisjoint(with: [.writesRows, .callsForeignFunction, .runsRoutine]) {
            mayTellLate = true
        }
        if answer.isSyntaxError || answer.findsNoPreparedStatement { return }
        if !done.isUnderstood || !done.facts.isDisjoint(with: Self.hiding) { hasHiddenState = true }
        if let effects = answer.effects, effects.facts.contains(.setsSessionVariable) { setByName(effects, text) }
        if !answer.isFirstFailing, answer.tellsChange, !isExplained(answer, done, text) { hasHiddenState = true }
    }

    /// The values of sequences last taken are one to a connection, and can't be set again.
    private static let hiding: StatementFacts = [
        .runsRoutine, .callsForeignFunction, .executesUnseenText, .advancesSequence,
    ]

    private mutating func setByName(_ effects: StatementEffects, _ text: Span<UInt8>) {
        if effects.hidesTimestamp(text) { hasHiddenState = true }
        var others = 0
        var switches = 0
        for detail in effects.details {
            guard case .setsVariable(let name, _) = detail else { continue }
            if SettingVariable(name.description).belongsToFunnel { switches += 1 } else { others += 1 }
        }
        guard switches > 0 else { return }
        lostTracking = true
        // What else changed may not have been told any more.
        if others > 0 { hasHiddenState = true }
    }

    /// Whether the text tells why the server says that some state changed.
    private func isExplained(_ answer: StatementAnswer, _ done: ExecutedEffects, _ text: Span<UInt8>) -> Bool {
        if answer.command == .initDB { return true }
        guard let effects = answer.effects else { return false }
        // An assignment inside a query is not told; then it was something else that changed.
        if done.facts.contains(.setsForStatement) { return answer.tellsVariables }
        if !done.facts.isDisjoint(with: Self.explaining) { return true }
        if done.facts.contains(.assignsUserVariable), !done.isQueryOrChange { return true }
        // ALTER TABLE and CREATE INDEX on a temporary table.
        if done.facts.contains(.commitsImplicitly), !temporaryTables.isEmpty { return true }
        // The server changes into that schema to fill it, and back.
        return effects.isReadOnly && answer.tellsSchema && text.holds("INFORMATION_SCHEMA")
    }

    private static let explaining: StatementFacts = [
        .setsSessionVariable, .setsNames, .setsCharacterSet, .setsRole, .setsSessionTransaction, .usesSchema,
        .createsTemporaryTable, .dropsTable, .renamesTable, .prepares, .deallocates, .usesXA, .dropsSchema,
    ]
}

extension StatementAnswer {
    /// Whether it failed before it could begin a transaction.
    fileprivate var leavesTransactionAhead: Bool {
        guard isFirstFailing else { return false }
        // Syntax, SET TRANSACTION in a transaction, a change in a transaction that only reads.
        return errorCode == 1064 || errorCode == 1568 || errorCode == 1792
    }

    /// Whether it was an EXECUTE of what isn't prepared, which does nothing.
    fileprivate var findsNoPreparedStatement: Bool {
        guard isFirstFailing, errorCode == 1243, let effects else { return false }
        return effects.isUnderstood && effects.facts.contains(.executesPrepared)
            && effects.facts.isDisjoint(with: [.runsRoutine, .callsForeignFunction, .executesUnseenText])
    }

    fileprivate var tellsChange: Bool {
        changes.contains { if case .stateChanged = $0 { true } else { false } }
    }

    fileprivate var tellsVariables: Bool {
        changes.contains { if case .systemVariables = $0 { true } else { false } }
    }

    fileprivate var tellsSchema: Bool {
        changes.contains { if case .schema = $0 { true } else { false } }
    }
}

extension SQLTableName {
    /// The name with the current schema where it has none.
    fileprivate func placed(in current: SQLName?) -> Self { schema == nil ? Self(schema: current, table) : self }
}
