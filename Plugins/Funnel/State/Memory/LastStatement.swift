import MySQLWire
import SQLText

/// What the functions and statements that ask after the last statement answer.
struct LastStatement: Equatable, Sendable {
    /// A value that may have to be asked for.
    enum Value: Equatable, Sendable {
        case known(UInt64)
        /// Only the connection knows.
        case unread
    }

    /// What SHOW WARNINGS answers.
    enum Diagnostics: Equatable, Sendable {
        /// Its rows.
        case known([Condition])
        /// Only the connection knows.
        case unread
    }

    /// A row of SHOW WARNINGS.
    struct Condition: Equatable, Sendable {
        /// `Note`, `Warning` or `Error`.
        let level: [UInt8]
        let code: [UInt8]
        let message: [UInt8]

        var isError: Bool { level == Array("Error".utf8) }
    }

    // In an order that leaves no gaps: every session has them.
    private var conditions: [Condition] = []
    /// ROW_COUNT(): the rows changed, -1 after a result or an error.
    var rowCount: Int64 = 0
    private var foundRowsNumber: UInt64 = 1
    private var insertIDNumber: UInt64 = 0
    /// The warnings that the statement told; more than SHOW WARNINGS has rows for where `max_error_count` is less.
    private var toldWarnings: UInt16 = 0
    /// What the last answer certainly set anew on its connection.
    private(set) var renewed: LastValues = []
    /// What only the connection knows.
    private var unread: LastValues = []

    /// FOUND_ROWS(), which is 1 before the first query.
    var foundRows: Value {
        get { unread.contains(.foundRows) ? .unread : .known(foundRowsNumber) }
        set { foundRowsNumber = note(newValue, .foundRows) }
    }

    /// LAST_INSERT_ID().
    var insertID: Value {
        get { unread.contains(.insertID) ? .unread : .known(insertIDNumber) }
        set { insertIDNumber = note(newValue, .insertID) }
    }

    /// The conditions of the last statement that had any, or that cleared them.
    var diagnostics: Diagnostics {
        get { unread.contains(.diagnostics) ? .unread : .known(conditions) }
        set {
            switch newValue {
            case .known(let known):
                unread.remove(.diagnostics)
                conditions = known
            case .unread:
                unread.insert(.diagnostics)
                conditions = []
            }
        }
    }

    /// Remembers whether the value is known; returns it, 0 where it isn't.
    private mutating func note(_ value: Value, _ which: LastValues) -> UInt64 {
        switch value {
        case .known(let number):
            unread.remove(which)
            return number
        case .unread:
            unread.insert(which)
            return 0
        }
    }

    /// @@warning_count; nil where only the connection knows.
    var warningCount: UInt64? {
        guard case .known(let conditions) = diagnostics else { return nil }
        return UInt64(conditions.isEmpty ? 0 : max(conditions.count, Int(toldWarnings)))
    }

    /// @@error_count; nil where only the connection knows.
    var errorCount: UInt64? {
        guard case .known(let conditions) = diagnostics else { return nil }
        return UInt64(conditions.count(where: \.isError))
    }
}

extension LastStatement {
    /// A SELECT that does nothing but read was answered by so many rows, without a warning.
    ///
    /// - Parameters:
    ///   - foundRows: FOUND_ROWS() behind it.
    ///   - namesTable: whether FROM names a table.
    mutating func rowsAnswered(foundRows: Value, namesTable: Bool, foreign: LastValues) {
        renewed = [.rowCount, .foundRows]
        rowCount = -1
        self.foundRows = foundRows
        if namesTable, !isClear || foreign.contains(.diagnostics) { cleared() }
    }

    /// Whether there are no conditions, for certain.
    private var isClear: Bool {
        conditions.isEmpty && !unread.contains(.diagnostics)
    }

    /// A command was answered; `text` is what was executed, `kind` what it is, `foreign` what the connection had of
    /// another session.
    mutating func answered(
        _ answer: StatementAnswer, _ done: ExecutedEffects, _ kind: StatementKind, _ text: Span<UInt8>,
        foreign: LastValues
    ) {
        renewed = []
        switch answer.command {
        case .query, .execute, .bulkExecute: break
        case .prepare:
            if answer.isError { failed() }
            return
        case .initDB where answer.isError: return failed()
        case .initDB, .ping, .resetStatement:
            if answer.isSuccess { answeredByOK() }
            return
        default: return
        }
        // It leaves what it reads.
        if kind == .getDiagnostics, answer.isSuccess, answer.warnings == 0 { return }
        renewed.insert(.rowCount)
        rowCount = answer.isError || answer.columns > 0 ? -1 : Int64(clamping: answer.affectedRows)
        insertID(answer, done, text)
        diagnostics(answer, done, kind, text, foreign)
        if !answer.isFirstFailing { foundRows(answer, kind, text, foreign) }
    }

    /// The session has had an error that no server knows of.
    mutating func failedHere(_ error: SQLError) {
        rowCount = -1
        renewed = []
        toldWarnings = 0
        diagnostics = .known([
            Condition(level: Array("Error".utf8), code: Array("\(error.code)".utf8), message: Array(error.message.utf8))
        ])
    }

    /// A command that is no statement was answered by OK: no row was changed.
    mutating func answeredByOK() {
        rowCount = 0
        renewed.insert(.rowCount)
    }

    private mutating func failed() {
        rowCount = -1
        renewed.formUnion([.rowCount, .diagnostics])
        diagnostics = .unread
        toldWarnings = 0
    }

    /// An OK tells an id too where the statement gave it explicitly, which LAST_INSERT_ID() doesn't; a result tells
    /// none.
    private mutating func insertID(_ answer: StatementAnswer, _ done: ExecutedEffects, _ text: Span<UInt8>) {
        let writes = done.facts.contains(.writesRows) && text.mayInsert
        let hidden: StatementFacts = [.setsLastInsertID, .runsRoutine, .callsForeignFunction, .executesUnseenText]
        if answer.lastInsertID != 0 || (writes && (answer.columns > 0 || answer.isError || answer.results > 1))
            || !done.isUnderstood || !done.facts.isDisjoint(with: hidden)
        {
            insertID = .unread
            renewed.insert(.insertID)
        }
    }

    /// SELECT sets them to what it found; INSERT … SELECT and SELECT … INTO to other values; what has no query in it
    /// leaves them.
    private mutating func foundRows(
        _ answer: StatementAnswer, _ kind: StatementKind, _ text: Span<UInt8>, _ foreign: LastValues
    ) {
        switch kind {
        case .setStatement where answer.columns == 0: return
        case .select, .setStatement:
            renewed.insert(.foundRows)
            let isCertain = answer.results == 1 && answer.columns > 0 && !answer.isError && text.foundRowsAreSent
            foundRows = isCertain ? .known(answer.rows) : .unread
        case .insert, .replace, .update, .delete, .createTable, .createTemporaryTable, .do, .set:
            guard answer.results > 1 || text.holds("SELECT") else { return }
            if kind == .insert || kind == .replace { renewed.insert(.foundRows) }
            foundRowsMayDiffer(foreign)
        case .show where answer.isSuccess && text.showsTable:
            renewed.insert(.foundRows)
            foundRows = .known(answer.rows)
        case .show, .explain, .table, .with, .values, .execute, .executeImmediate, .call, .compound, .unknown,
            .maintenance, .handler:
            foundRowsMayDiffer(foreign)
        default: if answer.results > 1 { foundRowsMayDiffer(foreign) }
        }
    }

    /// Where they may be another session's still, those of before are the better answer.
    private mutating func foundRowsMayDiffer(_ foreign: LastValues) {
        if !foreign.contains(.foundRows) || renewed.contains(.foundRows) { foundRows = .unread }
    }

    /// What neither reads tables nor has conditions of its own leaves those of before.
    private mutating func diagnostics(
        _ answer: StatementAnswer, _ done: ExecutedEffects, _ kind: StatementKind, _ text: Span<UInt8>,
        _ foreign: LastValues
    ) {
        if answer.isError { return failed() }
        if answer.warnings > 0 {
            // SHOW WARNINGS itself and its like have none.
            renewed.insert(.diagnostics)
            diagnostics = .unread
            toldWarnings = answer.warnings
            return
        }
        switch kind {
        case .insert, .replace, .update, .delete, .loadData, .createTable, .createTemporaryTable, .dropTable,
            .dropTemporaryTable, .truncate, .lockTables, .handler, .maintenance:
            cleared()
        case .show where !done.facts.contains(.readsDiagnostics): cleared()
        case .select:
            // Where nothing would change the text needn't be read.
            if !isClear || foreign.contains(.diagnostics), text.namesTable { cleared() }
        case .prepare: if done.preparesTable { cleared() }
        default: break
        }
    }

    private mutating func cleared() {
        renewed.insert(.diagnostics)
        diagnostics = .known([])
    }
}

/// Values of the last statement.
struct LastValues: OptionSet, Sendable {
    let rawValue: UInt8

    static let rowCount = Self(rawValue: 1)
    static let foundRows = Self(rawValue: 2)
    static let insertID = Self(rawValue: 4)
    static let diagnostics = Self(rawValue: 8)
    static let all: Self = [.rowCount, .foundRows, .insertID, .diagnostics]
}

extension ExecutedEffects {
    /// Whether a text was prepared for which the server opened tables.
    fileprivate var preparesTable: Bool {
        details.contains {
            guard case .prepares(_, from: .text(let text)) = $0 else { return false }
            switch StatementKind(of: text.span) {
            case .insert, .replace, .update, .delete: return true
            case .select: return text.span.namesTable
            default: return false
            }
        }
    }
}

extension Span where Element == UInt8 {
    /// Whether it may insert rows, and so make a LAST_INSERT_ID() or not.
    var mayInsert: Bool { holds("INSERT") || holds("REPLACE") || holds("LOAD") }

    /// Whether a SELECT of this text answers with all the rows that FOUND_ROWS() counts.
    var foundRowsAreSent: Bool {
        // All words in one pass: every SELECT comes by here.
        var isLimited = false
        for start in 0..<count {
            switch self[start] | 0x20 {
            case UInt8(ascii: "o") where holds("OFFSET", at: start): return false
            case UInt8(ascii: "f") where holds("FETCH", at: start): return false
            case UInt8(ascii: "s") where holds("SQL_CALC_FOUND_ROWS", at: start): return false
            case UInt8(ascii: "i") where holds("INTO", at: start): return false
            case UInt8(ascii: "l") where holds("LIMIT", at: start): isLimited = true
            default: continue
            }
        }
        return !(isLimited && skipsByComma)
    }

    /// Whether a comma comes behind the last LIMIT.
    fileprivate var skipsByComma: Bool {
        var tokens = SQLTokenizer(self)
        var isBehindLimit = false
        var isSkipping = false
        while let token = tokens.next() {
            if token.kind == .identifier, token.end - token.start == 5, extracting(token.range).holds("LIMIT") {
                (isBehindLimit, isSkipping) = (true, false)
            } else if isBehindLimit, token.kind == .comma {
                isSkipping = true
            }
        }
        return isSkipping
    }

    /// Whether it is a SHOW that the server answers from a table, whose rows FOUND_ROWS() counts.
    fileprivate var showsTable: Bool {
        var tokens = SQLTokenizer(self)
        var words: [String] = []
        while words.count < 3, let token = tokens.next() {
            guard token.kind == .identifier else { continue }
            words.append(String(decoding: token.range.map { self[$0] }, as: UTF8.self).uppercased())
        }
        let modifiers: Set = ["SHOW", "FULL", "SESSION", "GLOBAL", "LOCAL"]
        let tables: Set = [
            "COUNT", "TABLES", "DATABASES", "SCHEMAS", "VARIABLES", "STATUS", "ENGINES", "COLUMNS", "FIELDS",
            "COLLATION",
        ]
        return words.first { !modifiers.contains($0) }.map(tables.contains) ?? false
    }

    /// Whether FROM stands outside parentheses, not before DUAL.
    fileprivate var namesTable: Bool {
        var tokens = SQLTokenizer(self)
        var depth = 0
        var isBehindFrom = false
        while let token = tokens.next() {
            switch token.kind {
            case .whitespace, .blockComment, .lineComment: continue
            case .openParenthesis: depth += 1
            case .closeParenthesis: depth -= 1
            default: break
            }
            if isBehindFrom { return !extracting(token.range).holds("DUAL") }
            isBehindFrom =
                depth == 0 && token.kind == .identifier && token.end - token.start == 4
                && extracting(token.range).holds("FROM")
        }
        return false
    }
}
