import MySQLWire
import Testing

@testable import FunnelPlugin

@Suite("Prepared statements: parameter types")
struct StatementTypesTests {
    @Test("types that the client leaves out are put in, as it sent them last")
    func remembered() {
        let rig = StatementRig()
        let id = rig.prepare("SELECT ?, ?", parameters: 2)
        let typed = "execute 101 0001000000" + "00" + "01" + "03000880" + "070000000900000000000000"
        #expect(rig.sends(Sent.execute(id, Sent.typed)) == [typed])
        rig.answer(Sent.execute(id, Sent.typed), [])
        #expect(rig.sends(Sent.execute(id, Sent.untyped)) == [typed])
        rig.changeConnection(firstID: 8)
        #expect(rig.sends(Sent.execute(id, Sent.untyped)).last == typed.replacing("101", with: "8"))
    }

    @Test("before the first binding every parameter is NULL")
    func neverBound() {
        let rig = StatementRig()
        let id = rig.prepare("SELECT ?, ?", parameters: 2)
        #expect(rig.sends(Sent.execute(id, [3, 0])) == ["execute 101 0001000000" + "0301" + "06000600"])
        #expect(rig.sends(Sent.execute(id, [3])) == ["execute 101 0001000000" + "0301" + "06000600"])
    }

    @Test("nine parameters have two bytes of NULL bits")
    func bitmap() {
        let rig = StatementRig()
        let id = rig.prepare("SELECT ?…", parameters: 9)
        let types = [UInt8](repeating: 1, count: 18)
        rig.answer(Sent.execute(id, [0xFF, 1, 1] + types), [])
        let hex = String(repeating: "01", count: 18)
        #expect(rig.sends(Sent.execute(id, [0xFF, 1, 0])) == ["execute 101 0001000000" + "ff01" + "01" + hex])
    }

    @Test("a bulk execution's types are those of executions, and the other way round")
    func bulk() {
        let rig = StatementRig()
        let id = rig.prepare("INSERT INTO t VALUES (?, ?)", parameters: 2)
        let row: [UInt8] = [0] + Sent.values.prefix(4) + [1]
        #expect(rig.sends(Sent.bulk(id, flags: 0, row)) == ["bulk_execute 101 8000" + "06000600" + "000700000001"])
        let typed = "bulk_execute 101 8000" + "03000880" + "000700000001"
        #expect(rig.sends(Sent.bulk(id, flags: 128, Sent.types + row)) == [typed])
        rig.answer(Sent.bulk(id, flags: 128, Sent.types + row), [])
        #expect(rig.sends(Sent.bulk(id, flags: 0, row)) == [typed])
        #expect(rig.sends(Sent.execute(id, Sent.untyped)).first?.contains("0103000880") == true)
        #expect(rig.sends(Sent.bulk(id, flags: 64, row))[0].hasPrefix("bulk_execute 101 c00003000880"))
    }

    @Test("what is malformed goes to the server as it is, or is refused in its words")
    func malformed() {
        let rig = StatementRig()
        let id = rig.prepare("SELECT ?, ?", parameters: 2)
        let malformed = ["ERR 1835 Malformed communication packet"]
        for size in 0..<10 { #expect(rig.sends(Array(Sent.execute(id).prefix(size))) == malformed) }
        for size in 1..<7 { #expect(rig.sends(Array(Sent.bulk(id, flags: 0, []).prefix(size))) == malformed) }
        for size in 1..<9 { #expect(rig.sends(Array(Sent.fetch(id).prefix(size))) == malformed) }
        for size in 1..<5 { #expect(rig.sends(Array(Sent.reset(id).prefix(size))) == malformed) }
        for size in 1..<5 { #expect(rig.sends(Array(Sent.close(id).prefix(size))) == ["nothing"]) }
        for size in 1..<7 { #expect(rig.sends(Array(Sent.longData(id, 0, "").prefix(size))) == ["nothing"]) }
        #expect(rig.sends(Sent.execute(id)) == ["ERR 1210 Incorrect arguments to mysqld_stmt_execute"])
        #expect(rig.sends(Sent.execute(id, [0, 1, 3, 0])) == malformed)
        #expect(rig.sends(Sent.execute(id, [0, 2] + Sent.types)) == malformed)
        #expect(rig.sends(Sent.bulk(id, flags: 128, [3, 0])) == malformed)
        #expect(rig.client[id]?.types == [])
    }

    @Test("-1 without types is malformed, whatever was bound before")
    func lastWithoutTypes() {
        let rig = StatementRig()
        let malformed = ["ERR 1835 Malformed communication packet"]
        let id = rig.prepare("SELECT ?, ?", parameters: 2)
        rig.answer(Sent.execute(id, Sent.typed), [])
        #expect(rig.sends(Sent.execute(Sent.last, Sent.untyped)) == malformed)
        #expect(rig.sends(Sent.bulk(Sent.last, flags: 0, [0, 1])) == malformed)
        #expect(rig.sends(Sent.execute(Sent.last, Sent.typed)).count == 1)
    }

    @Test("types are bound by an execution that fails, not by one that the server refuses at sight")
    func boundByFailure() {
        let rig = StatementRig()
        let id = rig.prepare("SELECT ?, ?", parameters: 2)
        _ = rig.fail(Sent.bulk(id, flags: 128, Sent.types), .unsupportedWhenPrepared)
        #expect(rig.client[id]?.types == [])
        _ = rig.fail(Sent.execute(id, Sent.typed), SQLError(code: 1062, message: "Duplicate entry"))
        #expect(rig.client[id]?.types == Sent.types)
    }

    @Test("a changed number of columns is told once")
    func columnsChanged() throws {
        let rig = StatementRig()
        let id = rig.prepare("SELECT * FROM t")
        let run = try #require(rig.run(Sent.execute(id)))
        #expect([1, 2, 2, 1].map { rig.client.columnsChanged(run, to: $0) } == [false, true, false, true])
    }

    @Test("wild ids are told as the server tells them")
    func wild() {
        let rig = StatementRig()
        let unknown = "ERR 1243 Unknown prepared statement handler (4660) given to mysqld_stmt_"
        #expect(rig.sends(Sent.execute(4660)) == [unknown + "execute"])
        #expect(rig.sends(Sent.bulk(4660, flags: 128, [])) == [unknown + "execute"])
        #expect(rig.sends(Sent.fetch(4660)) == [unknown + "fetch"])
        #expect(rig.sends(Sent.reset(4660)) == [unknown + "reset"])
        #expect(rig.sends(Sent.close(4660)) == ["nothing"])
        #expect(rig.sends(Sent.longData(4660, 0, "x")) == ["nothing"])
        #expect(rig.sends(Sent.execute(0)).first?.contains("(0)") == true)
        rig.rules.allowsBulk = false
        let unsupported = "ERR 1295 This command is not supported in the prepared statement protocol yet"
        #expect(rig.sends(Sent.bulk(4660, flags: 128, [])) == [unsupported])
    }
}
