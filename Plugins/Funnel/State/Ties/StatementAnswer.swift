import MySQLWire
import SQLText

/// A command that was executed, and what became of it.
struct StatementAnswer: Sendable {
    /// The command.
    var command = Command.query
    /// What its text does; for the execution of a prepared statement what the prepared text does. Nil for commands
    /// without a text.
    var effects: StatementEffects?
    /// The error that ended it; nil for none.
    var errorCode: UInt16?
    /// The results that came before the error, or all of them.
    var results = 1
    /// The rows that the last result says were changed.
    var affectedRows: UInt64 = 0
    /// The insert id of the last result that told one; 0 for none.
    var lastInsertID: UInt64 = 0
    /// The most warnings that a result told.
    var warnings: UInt16 = 0
    /// The columns of the last result; 0 where it was an OK.
    var columns = 0
    /// The rows of the last result.
    var rows: UInt64 = 0
    /// The status of the last OK; nil where none came.
    var status: StatusFlags?
    /// What all OKs told, in order.
    var changes: [SessionStateChange] = []
    /// The values of variables that PREPARE takes its text from, where somebody asked before it was sent.
    var variableTexts: [SQLName: [UInt8]] = [:]

    /// Whether it ended in an error.
    var isError: Bool { errorCode != nil }

    /// Whether the failing statement was the first of the text, so that all that happened is its own failing.
    var isFirstFailing: Bool { isError && results == 0 }

    /// Whether the server understood nothing of it, and so did nothing.
    var isSyntaxError: Bool { isFirstFailing && errorCode == 1064 }

    /// The effects that the settings may show: none of a first statement that failed, since SET does all or nothing, and
    /// no variable that the server doesn't know.
    var effectsOnSettings: StatementEffects? { isFirstFailing || errorCode == 1193 ? nil : effects }

    /// Whether it succeeded as a whole.
    var isSuccess: Bool { !isError }
}
