import MySQLWire
import Pooling
import SQLText

/// What sessions have left on a connection, beside its settings.
struct ConnectionState: Sendable {
    /// The user variables that may not be NULL.
    private(set) var variables: Set<SQLName> = []
    /// The statements of PREPARE.
    private(set) var statements: [SQLName: PreparedText] = [:]
    /// What is another session's than that of its present user.
    private(set) var foreign: LastValues = []
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
        foreign.subtract(ties.memory.last.renewed)
        if !ties.memory.assigned.isEmpty { variables.formUnion(ties.memory.assigned) }
        guard let facts = answer.effects?.facts, !facts.isDisjoint(with: [.prepares, .deallocates]) else { return }
        for detail in answer.effects?.details ?? [] {
            switch detail {
            case .prepares(let name, _), .deallocates(let name): statements[name] = ties.memory.statements[name]
            default: continue
            }
        }
    }

    /// Its present user no longer uses it; after a capture, unless the user has left for good.
    mutating func left(by ties: SessionTies) {
        foreign = .all
        cleaning = max(cleaning, Self.cleaning(after: ties))
        if variables.count > Self.mostVariables { cleaning = max(cleaning, .reset) }
    }

    private static func cleaning(after ties: SessionTies) -> Cleaning {
        if ties.hasProfiles { return .close }
        var pins = ties.pins
        if ties.mayTellLate || ties.usedXA { return .reset }
        if pins.isEmpty { return .none }
        return pins.removeTransaction() && pins.isEmpty ? .rollback : .reset
    }

    /// It was rolled back, or reset.
    mutating func cleaned() {
        if cleaning == .reset { (variables, statements) = ([], [:]) }
        cleaning = .none
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
        let own = Set(memory.variables.keys)
        let names = variables.union(own).sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
        variables = own
        return names.map {
            Capture.variable($0) + [UInt8(ascii: "=")] + (memory.variables[$0] ?? .null).literal
        }
    }

    /// What has to be sent before a statement with these effects, of the session that has taken the connection.
    mutating func preparations(
        for effects: StatementEffects?, _ memory: SessionMemory, mode: SQLLexicalMode
    ) -> [Preparation] {
        guard let effects else { return [] }
        var steps: [Preparation] = []
        if foreign.contains(.insertID), case .known(let number) = memory.last.insertID,
            memory.executed(effects).mayReadInsertID
        {
            steps.append(.query(Array("SET last_insert_id=\(number)".utf8)))
            foreign.remove(.insertID)
        }
        if statements.count + memory.statements.count > 0, effects.mayUsePrepared {
            steps += statementPreparations(memory, mode)
        }
        return steps
    }

    private mutating func statementPreparations(_ memory: SessionMemory, _ mode: SQLLexicalMode) -> [Preparation] {
        guard statements != memory.statements else { return [] }
        var steps: [Preparation] = []
        for name in statements.keys where memory.statements[name] == nil {
            steps.append(.query(Array("DEALLOCATE PREPARE ".utf8) + SQLWriter.name(name.bytes)))
        }
        for (name, statement) in memory.statements where statements[name] != statement {
            let head = Array("PREPARE ".utf8) + SQLWriter.name(name.bytes) + Array(" FROM ".utf8)
            steps.append(.query(head + statement.quoted(mode)))
        }
        statements = memory.statements
        return steps
    }
}

extension PreparedText {
    /// The text as a string of the connection's character set.
    fileprivate func quoted(_ mode: SQLLexicalMode) -> [UInt8] {
        let quote = UInt8(ascii: "'")
        let backslash = UInt8(ascii: "\\")
        let isEscape = !mode.contains(.noBackslashEscapes)
        let inside = text.flatMap { $0 == quote || ($0 == backslash && isEscape) ? [$0, $0] : [$0] }
        return [quote] + inside + [quote]
    }
}

extension ExecutedEffects {
    fileprivate var mayReadInsertID: Bool {
        if !isUnderstood { return true }
        if !facts.isDisjoint(with: [.runsRoutine, .callsForeignFunction, .executesUnseenText]) { return true }
        return facts.contains(.refersToSession)
            && details.contains { if case .refers(.lastInsertID, _) = $0 { true } else { false } }
    }
}

extension StatementEffects {
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
