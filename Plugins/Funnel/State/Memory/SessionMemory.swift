import MySQLWire
import SQLText

/// What a session remembers of its own, and is given again on another connection.
struct SessionMemory: Sendable {
    /// What few sessions have anything of.
    private var things = Seldom<Things>()
    /// The last statement's values.
    var last = LastStatement()

    private struct Things: Vacant {
        var variables: [SQLName: UserVariable] = [:]
        var assigned: Set<SQLName> = []
        var statements: [SQLName: PreparedText] = [:]
        var unseenStatements: Set<SQLName> = []
        var nextTransaction = ""

        var isVacant: Bool {
            variables.isEmpty && assigned.isEmpty && statements.isEmpty && unseenStatements.isEmpty
                && nextTransaction.isEmpty
        }
    }

    /// User variables as they were read last; a variable that isn't there is as never set.
    private(set) var variables: [SQLName: UserVariable] {
        get { things.part({ $0.variables }, orNothing: Dictionary()) }
        set { things.change { $0.variables = newValue } }
    }

    /// User variables assigned since.
    private(set) var assigned: Set<SQLName> {
        get { things.part({ $0.assigned }, orNothing: Set()) }
        set { things.change { $0.assigned = newValue } }
    }

    /// Statements of PREPARE.
    private(set) var statements: [SQLName: PreparedText] {
        get { things.part({ $0.statements }, orNothing: Dictionary()) }
        set { things.change { $0.statements = newValue } }
    }

    /// Statements of PREPARE whose text nobody has seen.
    private(set) var unseenStatements: Set<SQLName> {
        get { things.part({ $0.unseenStatements }, orNothing: Set()) }
        set { things.change { $0.unseenStatements = newValue } }
    }

    /// What SET TRANSACTION has set for the next transaction, as the server says it: statements, each with a semicolon
    /// behind it.
    var nextTransaction: String {
        get { things.part({ $0.nextTransaction }, orNothing: "") }
        set { things.change { $0.nextTransaction = newValue } }
    }

    /// Whether no connection knows anything of the session that isn't here.
    var isWholeElsewhere: Bool {
        assigned.isEmpty && last.diagnostics != .unread && last.insertID != .unread && last.foundRows != .unread
    }
}

/// A statement of PREPARE.
struct PreparedText: Equatable, Sendable {
    /// Its text.
    let text: [UInt8]
    /// The schema that was current: the one that names without a schema, and DATABASE(), go on to mean.
    let schema: [UInt8]?
    /// What executing it does.
    let effects: StatementEffects

    init(_ text: [UInt8], schema: [UInt8]?, mode: SQLLexicalMode = []) {
        self.text = text
        self.schema = schema
        effects = StatementEffects(of: text.span, mode: mode)
    }

    /// In the place of one that may be there or not, and is no session's.
    static let unknown = Self(Array("DO 0 /* unknown */".utf8), schema: nil)
}

/// A text's effects together with those of the statements that it executes by name.
struct ExecutedEffects: Sendable {
    var facts: StatementFacts = []
    var details: [StatementDetail] = []
    var isUnderstood = true

    /// Whether it reads or changes rows, or runs a routine.
    var isQueryOrChange = false
}

extension SessionMemory {
    /// The effects of a text, those of the prepared statements that it executes included.
    func executed(_ effects: StatementEffects?) -> ExecutedEffects {
        guard let effects else { return ExecutedEffects() }
        var done = ExecutedEffects(effects)
        guard effects.facts.contains(.executesPrepared) else { return done }
        for detail in effects.details {
            guard case .executes(let name) = detail else { continue }
            guard let inner = statements[name]?.effects, !inner.facts.contains(.executesPrepared) else {
                done.isUnderstood = false
                continue
            }
            done.append(ExecutedEffects(inner))
        }
        return done
    }

    /// The text that EXECUTE executes; nil where it isn't one alone, or nobody has seen it.
    func executedText(_ effects: StatementEffects) -> PreparedText? {
        guard effects.facts.contains(.executesPrepared) else { return nil }
        let names = effects.details.compactMap { if case .executes(let name) = $0 { name } else { nil } }
        return names.count == 1 ? names.first.flatMap { statements[$0] } : nil
    }

    /// The user variables whose values PREPARE takes texts from: asked for before the statement is sent, the prepared
    /// statements needn't pin.
    static func textVariables(_ effects: StatementEffects) -> [SQLName] {
        guard effects.facts.contains(.prepares) else { return [] }
        return effects.details.compactMap {
            if case .prepares(_, from: .variable(let name)) = $0 { name } else { nil }
        }
    }

    /// A command was answered.
    mutating func answered(
        _ answer: StatementAnswer, _ done: ExecutedEffects, _ text: Span<UInt8>, schema: [UInt8]?,
        foreign: LastValues
    ) {
        if !answer.isSyntaxError, done.facts.contains(.assignsUserVariable) {
            for case .assignsUserVariable(let name) in done.details { assigned.insert(name) }
        }
        if !done.facts.isDisjoint(with: [.prepares, .deallocates]) { prepared(answer, done, schema) }
        if let effects = answer.effects, let prepared = executedText(effects) {
            last.answered(answer, done, prepared.effects.kind, prepared.text.span, foreign: foreign)
        } else {
            last.answered(answer, done, answer.effects?.kind ?? .empty, text, foreign: foreign)
        }
    }

    /// PREPARE drops a statement of that name first, even where the text turns out not to be a statement.
    private mutating func prepared(_ answer: StatementAnswer, _ done: ExecutedEffects, _ schema: [UInt8]?) {
        let mode = answer.status.map { SQLLexicalMode($0) } ?? []
        for detail in done.details {
            switch detail {
            case .prepares(let name, let source):
                if answer.isSyntaxError, source == .expression { continue }
                forget(name)
                if answer.isFirstFailing { continue }
                switch source {
                case .text(let text): statements[name] = PreparedText(text, schema: schema, mode: mode)
                case .variable(let variable):
                    // The variable may have been assigned in the same text.
                    if let text = answer.variableTexts[variable], !done.facts.contains(.assignsUserVariable) {
                        statements[name] = PreparedText(text, schema: schema, mode: mode)
                    } else {
                        unseenStatements.insert(name)
                    }
                case .expression: unseenStatements.insert(name)
                }
            case .deallocates(let name): if answer.isSuccess { forget(name) }
            default: continue
            }
        }
    }

    private mutating func forget(_ name: SQLName) {
        statements[name] = nil
        unseenStatements.remove(name)
    }

    /// A variable was read from the connection.
    mutating func captured(_ name: SQLName, _ value: UserVariable) {
        variables[name] = value == .unset ? nil : value
        assigned.remove(name)
    }
}

extension ExecutedEffects {
    init(_ effects: StatementEffects) {
        facts = effects.facts
        details = effects.details
        isUnderstood = effects.isUnderstood
        isQueryOrChange = effects.isReadOnly || !effects.facts.isDisjoint(with: [.writesRows, .runsRoutine])
    }

    fileprivate mutating func append(_ inner: Self) {
        facts.formUnion(inner.facts)
        details += inner.details
        isUnderstood = isUnderstood && inner.isUnderstood
        isQueryOrChange = isQueryOrChange || inner.isQueryOrChange
    }
}
