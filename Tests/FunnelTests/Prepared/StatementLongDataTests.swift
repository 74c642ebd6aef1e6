import MySQLWire
import Testing

@testable import FunnelPlugin

@Suite("Prepared statements: long data")
struct StatementLongDataTests {
    let piece = "send_long_data 101 0100"

    @Test("pieces wait for the execution, go in front of it, and are used up by its answer")
    func kept() {
        let rig = StatementRig()
        let id = rig.prepare("INSERT INTO t VALUES (?, ?)", parameters: 2)
        #expect(rig.sends(Sent.longData(id, 1, "ab")) == ["nothing"])
        #expect(rig.sends(Sent.longData(Sent.last, 1, "")) == ["nothing"])
        let expected = [piece + "6162", piece, "execute 101 00010000000001" + "03000880"]
        let run = Sent.execute(id, [0, 1] + Sent.types)
        #expect(rig.sends(run) == expected)
        // The connection was lost before any answer: another one gets all of it again.
        #expect(rig.sends(run) == expected)
        rig.answer(run, [])
        #expect(rig.client.longDataBytes == 0)
        #expect(rig.sends(run) == [expected[2]])
    }

    @Test("on another connection they go behind the preparation")
    func elsewhere() {
        let rig = StatementRig()
        let id = rig.prepare("INSERT INTO t VALUES (?)", parameters: 1)
        rig.changeConnection(firstID: 5)
        _ = rig.plan(Sent.longData(id, 0, "a"))
        let run = Sent.execute(id, [0, 1, 252, 0])
        let names = rig.sends(run).map { $0.split(separator: " ").prefix(2).joined(separator: " ") }
        #expect(names == ["prepare INSERT", "send_long_data 5", "execute 5"])
    }

    @Test("an execution that fails uses them up too; COM_STMT_RESET and COM_STMT_CLOSE drop them")
    func dropped() {
        let rig = StatementRig()
        let id = rig.prepare("INSERT INTO t VALUES (?, ?)", parameters: 2)
        let duplicate = SQLError(code: 1062, message: "Duplicate entry")
        _ = rig.plan(Sent.longData(id, 1, "ab"))
        #expect(rig.fail(Sent.execute(id, Sent.typed), duplicate) == .relay)
        #expect(rig.client.longDataBytes == 0)
        _ = rig.plan(Sent.longData(id, 1, "ab"))
        #expect(rig.sends(Sent.reset(id)) == ["OK"])
        #expect(rig.client.longDataBytes == 0)
        _ = rig.plan(Sent.longData(id, 1, "ab"))
        #expect(rig.sends(Sent.close(id)) == ["nothing"])
        #expect(rig.client.longDataBytes == 0)
    }

    @Test("a parameter that there isn't fails every execution until COM_STMT_RESET, and never reaches a server")
    func wrongParameter() {
        let rig = StatementRig()
        let id = rig.prepare("INSERT INTO t VALUES (?, ?)", parameters: 2)
        let refusal = ["ERR 1210 Incorrect arguments to mysqld_stmt_send_long_data"]
        _ = rig.plan(Sent.longData(id, 2, "ab"))
        _ = rig.plan(Sent.longData(id, 1, "ab"))
        #expect(rig.sends(Sent.execute(id, Sent.typed)) == refusal)
        #expect(rig.sends(Sent.execute(id, Sent.typed)) == refusal)
        #expect(rig.sends(Sent.reset(id)) == ["OK"])
        #expect(rig.sends(Sent.execute(id, Sent.typed)).count == 1)
    }

    @Test("what a client sends is bounded, empty pieces too")
    func bounded() {
        let rig = StatementRig()
        rig.rules.longDataLimit = 1000
        let first = rig.prepare("SELECT ?", parameters: 1)
        let second = rig.prepare("SELECT 2, ?", parameters: 1)
        _ = rig.plan(Sent.longData(first, 0, String(repeating: "x", count: 900)))
        for _ in 0..<100 { _ = rig.plan(Sent.longData(second, 0, "")) }
        #expect(rig.client.longDataBytes <= 1000)
        #expect(rig.sends(Sent.execute(second, [1, 1, 6, 0])) == ["ERR 1105 " + LongDataFault.tooLong.error.message])
        #expect(rig.sends(Sent.execute(first, [0, 1, 252, 0])).count == 2)
    }

    @Test("a server's statement that holds too much is let go, and the error lasts for its client alone")
    func tooLongForTheServer() {
        let rig = StatementRig()
        let id = rig.prepare("SELECT ?", parameters: 1)
        _ = rig.plan(Sent.longData(id, 0, "x"))
        #expect(rig.fail(Sent.execute(id, [0, 1, 252, 0]), LongDataFault.tooLong.error) == .relay)
        #expect(rig.sends(Sent.execute(id, [1, 0])) == ["ERR 1105 " + LongDataFault.tooLong.error.message])
        #expect(rig.backend.count == 0)
        #expect(rig.sends(Sent.reset(id)) == ["OK"])
        let expected = ["close 101", "prepare SELECT ?", "execute 102 0001000000" + "0101fc00"]
        #expect(rig.sends(Sent.execute(id, [1, 0])) == expected)
    }
}
