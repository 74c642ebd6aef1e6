import MySQLWire
import Testing

@testable import FunnelPlugin

@Suite("Prepared statements: cursors")
struct StatementCursorTests {
    private func opened() -> (StatementRig, UInt32) {
        let rig = StatementRig()
        let id = rig.prepare("SELECT a FROM t")
        rig.answer(Sent.execute(id, flags: 1), [.cursorExists])
        return (rig, id)
    }

    @Test("a cursor pins from its EXECUTE to its last row")
    func lastRow() {
        let (rig, id) = opened()
        #expect(rig.client.hasCursor)
        #expect(rig.sends(Sent.fetch(id, 2)) == ["fetch 101 02000000"])
        rig.answer(Sent.fetch(id, 2), [.cursorExists])
        #expect(rig.client.hasCursor)
        rig.answer(Sent.fetch(Sent.last, 2), [.lastRowSent])
        #expect(!rig.client.hasCursor)
        #expect(rig.sends(Sent.fetch(id)) == ["ERR 1421 The statement (1) has no open cursor"])
        #expect(rig.sends(Sent.fetch(Sent.last)) == ["ERR 1421 The statement (4294967295) has no open cursor"])
    }

    @Test("what was asked for with a cursor and answered without one doesn't pin")
    func notOpened() {
        let rig = StatementRig()
        let id = rig.prepare("INSERT INTO t VALUES (1)")
        rig.answer(Sent.execute(id, flags: 1), [.autocommit])
        #expect(!rig.client.hasCursor)
    }

    @Test("COM_STMT_RESET goes to the server, and ends it")
    func reset() {
        let (rig, id) = opened()
        #expect(rig.sends(Sent.reset(id)) == ["reset 101"])
        rig.answer(Sent.reset(id), [])
        #expect(!rig.client.hasCursor)
        #expect(rig.sends(Sent.reset(id)) == ["OK"])
    }

    @Test("COM_STMT_CLOSE closes the server's statement")
    func close() {
        let (rig, id) = opened()
        #expect(rig.sends(Sent.close(id)) == ["close cursor of 1"])
        #expect(!rig.client.hasCursor)
        rig.backend.closeCursor(of: id)
        #expect(rig.backend.takeClosing().map(rig.transcript) == ["close 101"])
        #expect(rig.backend.count == 0)
    }

    @Test("another EXECUTE ends it, unless the server refuses that at sight")
    func executedAgain() {
        var (rig, id) = opened()
        #expect(rig.fail(Sent.execute(id), .malformedPacket) == .relay)
        #expect(rig.client.hasCursor)
        #expect(rig.fail(Sent.execute(id), SQLError(code: 1242, message: "Subquery returns more than 1 row")) == .relay)
        #expect(!rig.client.hasCursor)

        (rig, id) = opened()
        #expect(rig.sends(Sent.execute(id)) == ["execute 101 0001000000"])
        rig.answer(Sent.execute(id), [])
        #expect(!rig.client.hasCursor)
        #expect(rig.backend.count == 1)
    }

    @Test("two statements of one text have a cursor each")
    func twoOfOneText() {
        let (rig, first) = opened()
        let second = rig.prepare("SELECT a FROM t")
        rig.answer(Sent.execute(second, flags: 1), [.cursorExists])
        #expect(rig.sends(Sent.fetch(first)) == ["fetch 101 01000000"])
        #expect(rig.sends(Sent.fetch(second)) == ["fetch 102 01000000"])
        let third = rig.prepare("SELECT a FROM t")
        #expect(rig.sends(Sent.execute(third)) == ["execute 103 0001000000"])
        rig.answer(Sent.fetch(first), [.lastRowSent])
        #expect(rig.client.hasCursor)
        rig.answer(Sent.fetch(second), [.lastRowSent])
        #expect(!rig.client.hasCursor)
    }

    @Test("a server that knows of no cursor ends it, in the client's numbers")
    func lost() {
        var (rig, id) = opened()
        #expect(rig.fail(Sent.fetch(id), .noCursor(101)) == .replace(.noCursor(1)))
        #expect(!rig.client.hasCursor)

        (rig, id) = opened()
        rig.client.cursorsLost()
        #expect(!rig.client.hasCursor)
        #expect(rig.sends(Sent.fetch(id)) == ["ERR 1421 The statement (1) has no open cursor"])
    }

    @Test("a session that leaves has its cursors closed, and nothing else")
    func sessionLeaves() {
        let (rig, _) = opened()
        _ = rig.prepare("SELECT 2")
        rig.backend.closeCursors()
        #expect(rig.backend.takeClosing().map(rig.transcript) == ["close 101"])
        #expect(rig.backend.entries.map(\.serverID) == [102])
    }
}
