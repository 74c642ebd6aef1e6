import MySQLWire
import Pooling
import SQLText
import Testing

@testable import FunnelPlugin

/// The short way of a SELECT's rows leaves a session as the long one does.
@Suite struct RowsTests {
    /// What a session has been through before.
    private static let pasts: [@Sendable (inout StateRig) -> Void] = [
        { _ in },
        { $0.query("INSERT INTO t VALUES (1)", OKPacket(affectedRows: 1, lastInsertID: 7)) },
        { $0.query("SELECT a FROM t", told(warnings: 2), columns: 1, rows: 5) },
        { $0.query("SELECT bogus", error: 1054) },
        { $0.query("SET autocommit=0", told(.variables(["autocommit": "OFF"]), status: [])) },
        { $0.query("BEGIN", told(.transactionState("T_______"), status: [.autocommit, .inTransaction])) },
        { $0.query("SET @a=1", told(.change)) },
        { $0.query("CREATE TEMPORARY TABLE x(a int)", told(.change)) },
    ]

    private static let texts = [
        "SELECT 1", "SELECT 1 FROM DUAL", "SELECT a FROM t", "SELECT a FROM t LIMIT 1", "(SELECT a FROM t)",
        "SELECT a FROM t LIMIT 2, 3", "SELECT a FROM t LIMIT 3 OFFSET 2", "SELECT SQL_CALC_FOUND_ROWS a FROM t LIMIT 1",
        "SELECT title, first FROM items", "SELECT EXTRACT(YEAR FROM a)", "SELECT a FROM t FETCH FIRST 2 ROWS ONLY",
    ]

    @Test(arguments: texts, [[], [.diagnostics], .all] as [LastValues])
    func bothWaysAgree(_ text: String, _ foreign: LastValues) {
        for past in Self.pasts {
            for status in [[], .autocommit, [.autocommit, .inTransaction]] as [StatusFlags] {
                var before = StateRig()
                past(&before)
                agree(before.ties, Array(text.utf8), status, foreign)
            }
        }
    }

    private func agree(_ before: SessionTies, _ text: [UInt8], _ status: StatusFlags, _ foreign: LastValues) {
        let effects = StatementEffects(of: text.span)
        // What the short way isn't for.
        guard effects.facts == [], effects.isUnderstood else { return }
        var answer = StatementAnswer(effects: effects)
        (answer.columns, answer.rows, answer.status) = (1, 5, status)
        var (long, short) = (before, before)
        long.answered(answer, text.span, schema: nil, foreign: foreign)
        let areAllSent = !effects.mayLimitRows || text.span.foundRowsAreSent
        short.rowsAnswered(
            foundRows: areAllSent ? .known(5) : .unread, status: status, namesTable: effects.namesTable,
            foreign: foreign)
        #expect(long.memory.last == short.memory.last)
        #expect(long.pins == short.pins)
        #expect(long.isAutocommitOff == short.isAutocommitOff)
        #expect(long.hasTransaction == short.hasTransaction)
        #expect(long.hasHiddenState == short.hasHiddenState)
    }
}
