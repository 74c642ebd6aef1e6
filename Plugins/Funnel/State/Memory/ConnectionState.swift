import MySQLWire
import Pooling
import SQLText

/// What sessions have left on a connection, beside its settings.
struct ConnectionState: Sendable {
    /// The user variables that may be other than as never set.
    private(set) var variables: Set<SQLName> = []
    /// The statements of PREPARE.
    private(set) var statements: [SQLName: PreparedText] = [:]
    /// What is another session's than that of its present user.
    private(set) var foreign: LastValues = []
    /// LAST_INSERT_ID() on it, where known.
    private var insertID = LastStatement.Value.known(0)
    /// What is set for its next transaction.
    private var nextTransaction = ""
    /// The statements of PREPARE that `preparations` made last.
    private var restored: [SQLName] = []
    /// How it has to be cleaned before another session uses it.
    private(set) var cleaning = Cleaning.none

    /// What another session must not find, and what takes it away.
    enum Cleaning: UInt8, Comparable, Sendable {
        case none
        /// An open transaction.
        case rollback
        /// COM_RESET_CONNECTION; binary prepared statements are lost with it.
        case reset
        /// Nothing but hanging up.
        case close

        static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    }

    /// More names than that are cleared by a reset.
    static let mostVariables = 64

    static let rollback = Command.query.payload(text: "ROLLBACK")
}

extension ConnectionState {
    /// A command of its present user was answered, of which `ties` has been told.
    mutating func answered(_ ties: SessionTies, _ answer: StatementAnswer) {
        if answer.command == .resetConnection || answer.command == .changeUser {
            if answer.isSuccess { self = Self() }
            return
        }
        answered(ties.memory)
        guard let facts = answer.effects?.facts, !facts.isDisjoint(with: [.prepares, .deallocates]) else { return }
        for detail in answer.effects?.details ?? [] {
            switch detail {
            case .prepares(let name, _), .deallocates(let name): statements[name] = ties.memory.statements[name]
            default: continue
            }
        }
    }

    /// A command was answered that neither prepares nor resets anything.
    mutating func answered(_ memory: borrowing SessionMemory) {
        foreign.subtract(memory.last.renewed)
        if nextTransaction != memory.nextTransaction { nextTransaction = memory.nextTransaction }
        if !foreign.contains(.insertID) { insertID = memory.last.insertID }
        if !memory.assigned.isEmpty { variables.formUnion(memory.assigned) }
    }

    /// Its present user no longer uses it; after a capture, unless the user has left for good.
    mutating func left(by ties: borrowing SessionTies) {
        if !foreign.contains(.insertID) { insertID = ties.memory.last.insertID }
        foreign = .all
        cleaning = max(cleaning, Self.cleaning(after: ties))
        if variables.count > Self.mostVariables { cleaning = max(cleaning, .reset) }
    }

    private static func cleaning(after ties: borrowing SessionTies) -> Cleaning {
        if ties.hasProfiles { return .close }
        var pins = ties.pins
        if ties.mayTellLate || ties.usedXA { return .reset }
        if pins.isEmpty { return ties.memory.nextTransaction.isEmpty ? .none : .rollback }
        return pins.removeTransaction() && pins.isEmpty ? .rollback : .reset
    }

    /// It was rolled back, or reset.
    mutating func cleaned() {
        if cleaning == .reset { (variables, statements, insertID) = ([], [:], .known(0)) }
        nextTransaction = ""
        cleaning = .none
    }

    /// Its session has had an error that didn't come from it.
    mutating func passedOver() {
        foreign.formUnion([.rowCount, .diagnostics])
    }

    /// The funnel has reset it.
    mutating func wiped() {
        self = Self()
        foreign = .all
    }

    /// What is on it isn't known any more.
    mutating func spoilt() {
        cleaning = max(cleaning, .reset)
    }

    /// Another session takes it: the assignments that make the user variables on it those of that session, for
    /// `SettingsDifference.assignments`.
    mutating func taken(by memory: SessionMemory) -> [[UInt8]] {
        foreign = .all
        if insertID == memory.last.insertID, insertID != .unread { foreign.remove(.insertID) }
        if variables.isEmpty, memory.variables.isEmpty { return [] }
        let own = Set(memory.variables.keys)
        let names = variables.union(own).sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
        variables = own
        return names.map {
            Capture.variable($0) + [UInt8(ascii: "=")] + (memory.variables[$0] ?? .unset).literal
        }
    }

    /// Another session takes it: whether nothing at all has to be sent for that, whatever its statement is. Only then
    /// anything is changed, as by ``taken(by:)``.
    mutating func isTakenAsItIs(by memory: borrowing SessionMemory) -> Bool {
        guard cleaning == .none, variables.isEmpty, memory.variables.isEmpty, restored.isEmpty, statements.isEmpty,
            memory.statements.isEmpty, nextTransaction == memory.nextTransaction, insertID == memory.last.insertID,
            insertID != .unread
        else { return false }
        foreign = .all
        foreign.remove(.insertID)
        return true
    }

    /// The funnel has executed a statement without rows of its own on it: SET, PREPARE.
    mutating func disturbed() { foreign.insert(.rowCount) }

    /// The funnel has executed a query on it, while the session's FOUND_ROWS() was known.
    mutating func disturbedByRows() { foreign.formUnion([.rowCount, .foundRows]) }

    /// The funnel has asked it something on its own account, while all that the session left there was known.
    mutating func questioned() {
        foreign.formUnion([.rowCount, .foundRows, .diagnostics])
        // It was for the question's transaction.
        nextTransaction = ""
    }

    /// Whether ``preparations(for:_:_:schema:mode:)`` has nothing to do, whatever the statement is.
    ///
    /// Inlined, as both would be copied for a call where they are objects' properties.
    @inline(__always)
    func needsNothing(_ memory: borrowing SessionMemory) -> Bool {
        restored.isEmpty && !foreign.contains(.insertID) && statements.isEmpty && memory.statements.isEmpty
            && nextTransaction == memory.nextTransaction
    }

    /// What has to be sent before a statement with these effects, of the session that has taken the connection.
    ///
    /// It changes what `Substitution` has to know of the connection, and so comes before it.
    mutating func preparations(
        for effects: StatementEffects?, _ text: Span<UInt8>, _ memory: SessionMemory, schema: [UInt8]?,
        mode: SQLLexicalMode
    ) -> [Preparation] {
        guard let effects else { return [] }
        var steps: [Preparation] = []
        if !restored.isEmpty { restored = [] }
        let begins = nextTransaction != memory.nextTransaction
        if foreign.contains(.insertID), case .known(let number) = memory.last.insertID,
            memory.executed(effects).mayReadInsertID
        {
            steps.append(.query(Array("SET last_insert_id=\(number)".utf8)))
            foreign.remove(.insertID)
            insertID = memory.last.insertID
        }
        if statements.count + memory.statements.count > 0 {
            // What changes rows can't be prepared where the transaction, or the next, only reads.
            let names = begins || effects.mayBeginReading ? Set(memory.statements.keys) : []
            if effects.mayUsePrepared || !names.isEmpty {
                steps += statementPreparations(effects, names, memory, schema, mode)
            }
        }
        if begins {
            // ROLLBACK has taken those of the session before.
            steps += memory.nextTransaction.split(separator: ";").map { .query(Array($0.utf8)) }
            nextTransaction = memory.nextTransaction
        }
        if !steps.isEmpty { disturbed() }
        return steps
    }

    /// The server has refused one of the preparations: nobody knows which statements they have left.
    mutating func preparationsFailed() {
        for name in restored { statements[name] = .unknown }
        restored = []
    }

    /// Only those that the text names, where it tells, and `others`: to prepare one may clear warnings.
    private mutating func statementPreparations(
        _ effects: StatementEffects, _ others: Set<SQLName>, _ memory: SessionMemory, _ schema: [UInt8]?,
        _ mode: SQLLexicalMode
    ) -> [Preparation] {
        var names = others
        if effects.mayUsePrepared {
            let namesAll = !effects.isUnderstood || effects.facts.contains(.runsRoutine)
            names.formUnion(
                namesAll ? Set(statements.keys).union(memory.statements.keys) : effects.preparedNames)
        }
        var steps: [Preparation] = []
        for name in names where statements[name] != memory.statements[name] {
            restored.append(name)
            if let statement = memory.statements[name] {
                steps += Self.preparations(of: name, statement, schema, mode)
            } else {
                if statements[name] == .unknown { steps += Self.preparations(of: name, .unknown, schema, mode) }
                steps.append(.query(Array("DEALLOCATE PREPARE ".utf8) + SQLWriter.name(name.bytes)))
            }
            statements[name] = memory.statements[name]
        }
        return steps
    }

    private static func preparations(
        of name: SQLName, _ statement: PreparedText, _ schema: [UInt8]?, _ mode: SQLLexicalMode
    ) -> [Preparation] {
        let head = Array("PREPARE ".utf8) + SQLWriter.name(name.bytes) + Array(" FROM ".utf8)
        let prepare = Preparation.query(head + statement.quoted(mode))
        guard let schema, let other = statement.schema, other != schema else { return [prepare] }
        return [
            .command(Command.initDB.payload(text: other)), prepare, .command(Command.initDB.payload(text: schema)),
        ]
    }
}

extension PreparedText {
    /// The text as a string of the connection's character set.
    func quoted(_ mode: SQLLexicalMode) -> [UInt8] {
        let quote = UInt8(ascii: "'")
        let backslash = UInt8(ascii: "\\")
        let isEscape = !mode.contains(.noBackslashEscapes)
        let inside = text.flatMap { $0 == quote || ($0 == backslash && isEscape) ? [$0, $0] : [$0] }
        return [quote] + inside + [quote]
    }
}

extension ExecutedEffects {
    fileprivate var mayReadInsertID: Bool {
        // A trigger may read it, and an INSERT make one or leave that of before.
        if !isUnderstood || facts.contains(.writesRows) { return true }
        if !facts.isDisjoint(with: [.runsRoutine, .callsForeignFunction, .executesUnseenText, .setsLastInsertID]) {
            return true
        }
        return facts.contains(.refersToSession)
            && details.contains { if case .refers(.lastInsertID, _) = $0 { true } else { false } }
    }
}

extension StatementEffects {
    /// The prepared statements that it names.
    fileprivate var preparedNames: Set<SQLName> {
        Set(
            details.compactMap {
                switch $0 {
                case .executes(let name), .deallocates(let name): name
                default: nil
                }
            })
    }

    /// Whether a transaction may begin, at once or next, that only reads.
    fileprivate var mayBeginReading: Bool {
        !facts.isDisjoint(with: [.startsReadOnlyTransaction, .setsNextTransaction, .setsSessionTransaction])
    }

    fileprivate var mayUsePrepared: Bool {
        !isUnderstood || !facts.isDisjoint(with: [.executesPrepared, .deallocates, .runsRoutine, .executesUnseenText])
    }
}

extension PinSet {
    /// Takes the transaction out.
    fileprivate mutating func removeTransaction() -> Bool {
        let others = PinReason.allCases.filter { $0 != .transaction && contains($0) }
        let had = contains(.transaction)
        self = PinSet()
        for reason in others { insert(reason) }
        return had
    }
}
