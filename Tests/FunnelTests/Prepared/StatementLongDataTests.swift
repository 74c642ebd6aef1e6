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
        let expected = [piece + "6162", piece, "execute 101 00010000000001" + "0300fc00"]
        let run = Sent.execute(id, Sent.blob)
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
        #expect(rig.fail(Sent.execute(id, Sent.blob), duplicate) == .relay)
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

    @Test("what a server refuses at sight leaves them for the next execution, and nothing of them at the server")
    func refusedAtSight() {
        let rig = StatementRig()
        let id = rig.prepare("INSERT INTO t VALUES (?, ?)", parameters: 2)
        _ = rig.plan(Sent.longData(id, 1, "ab"))
        #expect(rig.fail(Sent.execute(id, Sent.blob), .malformedPacket) == .relay)
        #expect(rig.client[id]?.types == [])
        let names = rig.sends(Sent.execute(id, Sent.blob)).map { $0.prefix { $0 != " " } }
        #expect(names == ["close", "prepare", "send_long_data", "execute"])
        #expect(rig.fail(Sent.bulk(id, flags: 128, []), .unsupportedWhenPrepared) == nil)
        #expect(rig.fail(Sent.bulk(id, flags: 128, [3, 0, 252, 0]), .unsupportedWhenPrepared) == .relay)
        #expect(rig.client.longDataBytes == 0)
    }

    @Test("the end of a cursor uses them up, as does an execution without a NULL bitmap")
    func usedUpOtherwise() {
        let rig = StatementRig()
        let id = rig.prepare("SELECT ?", parameters: 1)
        rig.answer(Sent.execute(id, [1, 1, 252, 0], flags: 1), [.cursorExists])
        _ = rig.plan(Sent.longData(id, 0, "ab"))
        rig.answer(Sent.fetch(id), [.cursorExists])
        #expect(rig.client.longDataBytes > 0)
        rig.answer(Sent.fetch(id), [.lastRowSent])
        #expect(rig.client.longDataBytes == 0)
        _ = rig.plan(Sent.longData(id, 0, "ab"))
        #expect(rig.sends(Sent.execute(id)) == ["ERR 1210 Incorrect arguments to mysqld_stmt_execute"])
        #expect(rig.client.longDataBytes == 0)
    }

    @Test("they go to no statement that had a number in their place, whoever bound it")
    func afterNumbers() {
        let rig = StatementRig()
        let (id, other) = (rig.prepare("INSERT INTO t VALUES (?, ?)", parameters: 2), StatementRig())
        rig.answer(Sent.execute(id, Sent.typed), [])
        other.rules.table = rig.rules.table
        let others = other.prepare("INSERT INTO t VALUES (?, ?)", parameters: 2)
        other.backend = rig.backend
        _ = other.plan(Sent.longData(others, 0, "1"))
        let names = other.sends(Sent.execute(others, Sent.blob)).map { $0.prefix { $0 != " " } }
        #expect(names == ["close", "prepare", "send_long_data", "execute"])

        let third = other.prepare("INSERT INTO t VALUES (?, ?)", parameters: 2)
        other.answer(Sent.execute(third, Sent.blob), [])
        _ = other.plan(Sent.longData(third, 1, "1"))
        #expect(other.sends(Sent.execute(third, Sent.blob)).count == 2)
    }
}
