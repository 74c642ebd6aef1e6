import MySQLWire
import Testing

@testable import FunnelPlugin

@Suite("Prepared statements: what a connection keeps")
struct BackendStatementsTests {
    @Test("the least recently used one goes when there is no room; its COM_STMT_CLOSE goes with the next command")
    func leastRecentlyUsed() {
        let rig = StatementRig(limit: 2)
        let (first, second) = (rig.prepare("SELECT 1"), rig.prepare("SELECT 2"))
        _ = rig.sends(Sent.execute(first))
        let third = rig.prepare("SELECT 3")
        #expect(rig.sends(Sent.execute(third)) == ["close 102", "execute 103 0001000000"])
        #expect(rig.sends(Sent.execute(first)) == ["execute 101 0001000000"])
        #expect(
            rig.sends(Sent.execute(second)) == ["prepare SELECT 2", "close 103", "execute 104 0001000000"])
    }

    @Test("one that is prepared twice is kept once")
    func twin() {
        let rig = StatementRig()
        let first = rig.prepare("SELECT 1")
        _ = rig.prepare("SELECT 1")
        #expect(rig.backend.count == 1)
        #expect(rig.sends(Sent.execute(first)) == ["close 101", "execute 102 0001000000"])
    }

    @Test("a client's COM_STMT_CLOSE leaves the server's statement for others")
    func closedByClient() {
        let rig = StatementRig()
        let id = rig.prepare("SELECT 1")
        #expect(rig.sends(Sent.close(id)) == ["nothing"])
        #expect(rig.backend.count == 1)
        #expect(rig.backend.takeClosing() == [])
    }

    @Test("a statement with an open cursor stays, whatever the room")
    func cursorStays() {
        let rig = StatementRig(limit: 1)
        let id = rig.prepare("SELECT 1")
        rig.answer(Sent.execute(id, flags: 1), [.cursorExists])
        for number in 2..<5 { _ = rig.prepare("SELECT \(number)") }
        #expect(rig.backend.entries.map(\.serverID) == [104, 101])
        #expect(rig.sends(Sent.fetch(id)) == ["close 102", "close 103", "fetch 101 01000000"])
    }

    @Test("a server with too many statements gets those back that are only kept, then one more try")
    func tooMany() {
        let rig = StatementRig()
        let id = rig.prepare("SELECT 1")
        rig.answer(Sent.execute(id, flags: 1), [.cursorExists])
        for number in 2..<5 { _ = rig.prepare("SELECT \(number)") }
        let refusal = SQLError.tooManyStatements(30)
        #expect(rig.backend.preparationRefused(refusal) == true)
        #expect(Set(rig.backend.takeClosing().map(rig.transcript)) == ["close 102", "close 103", "close 104"])
        #expect(rig.backend.entries.map(\.serverID) == [101])
        #expect(rig.backend.preparationRefused(refusal) == false)
        #expect(rig.backend.preparationRefused(SQLError(code: 1064, message: "You have an error")) == false)
    }

    @Test("a reset connection has nothing, and nothing to close")
    func reset() {
        let rig = StatementRig(limit: 1)
        let id = rig.prepare("SELECT 1")
        _ = rig.prepare("SELECT 2")
        rig.backend.removeAll()
        #expect(rig.sends(Sent.execute(id)) == ["prepare SELECT 1", "execute 103 0001000000"])
    }
}
