import MySQLWire
import Testing

@testable import FunnelPlugin

@Suite("Prepared statements: runs")
struct StatementRunTests {
    @Test("ids are the proxy's, from 1; a failed preparation costs none")
    func ids() {
        let rig = StatementRig()
        #expect(rig.prepare("SELECT 1") == 1)
        rig.client.preparationFailed()
        #expect(rig.prepare("SELECT 2") == 2)
        #expect(rig.sends(Sent.execute(1)) == ["execute 101 0001000000"])
        #expect(rig.sends(Sent.execute(2)) == ["execute 102 0001000000"])
    }

    @Test("where a connection hasn't got the statement it is prepared there, once")
    func preparedAgain() {
        let rig = StatementRig()
        let id = rig.prepare("SELECT 1")
        rig.changeConnection(firstID: 900)
        #expect(rig.sends(Sent.execute(id)) == ["prepare SELECT 1", "execute 900 0001000000"])
        #expect(rig.sends(Sent.execute(id)) == ["execute 900 0001000000"])
    }

    @Test("sessions share a connection's statement; one that isn't the same one when prepared again is refused")
    func shared() throws {
        let rig = StatementRig()
        _ = rig.prepare("SELECT ?", parameters: 1)
        let (table, backend) = (rig.rules.table, rig.backend)
        let other = StatementRig()
        other.rules.table = table
        let id = other.prepare("SELECT ?", parameters: 1)
        other.backend = backend
        #expect(other.sends(Sent.execute(id, [1, 1, 6, 0])) == ["execute 101 000100000001010600"])

        other.changeConnection(firstID: 500)
        let run = try #require(other.run(Sent.execute(id, [1, 1, 6, 0])))
        let refusal = other.client.prepared(run, answer: other.ok(parameters: 2), on: &other.backend)
        #expect(refusal?.code == 1615)
        #expect(other.backend.takeClosing().map(other.transcript) == ["close 500"])
    }

    @Test("a text prepared under other settings is another statement")
    func settings() throws {
        final class Schema: Sendable {}
        let rig = StatementRig()
        let (here, there) = (PrepareSettings(Schema()), PrepareSettings(Schema()))
        let first = rig.prepare("SELECT a FROM t", under: here)
        let second = rig.prepare("SELECT a FROM t", under: there)
        #expect(rig.backend.count == 2)
        #expect(rig.sends(Sent.execute(first)) == ["execute 101 0001000000"])
        #expect(rig.sends(Sent.execute(second)) == ["execute 102 0001000000"])
        rig.changeConnection(firstID: 7)
        let run = try #require(rig.run(Sent.execute(second)))
        #expect(run.settings == there)
    }

    @Test("-1 is the statement prepared last, until that is closed or a preparation fails")
    func last() {
        let unknown = "ERR 1243 Unknown prepared statement handler (4294967295) given to mysqld_stmt_execute"
        let rig = StatementRig()
        #expect(rig.sends(Sent.execute(Sent.last)) == [unknown])
        let first = rig.prepare("SELECT 1")
        _ = rig.prepare("SELECT 2")
        #expect(rig.sends(Sent.execute(Sent.last)) == ["execute 102 0001000000"])
        #expect(rig.sends(Sent.reset(Sent.last)) == ["OK"])
        #expect(rig.sends(Sent.close(first)) == ["nothing"])
        #expect(rig.sends(Sent.execute(Sent.last)) == ["execute 102 0001000000"])
        #expect(rig.sends(Sent.close(Sent.last)) == ["nothing"])
        #expect(rig.sends(Sent.execute(Sent.last)) == [unknown])
        _ = rig.prepare("SELECT 3")
        rig.client.preparationFailed()
        #expect(rig.sends(Sent.execute(Sent.last)) == [unknown])
    }

    @Test("the server's answer to a re-preparation that fails is the client's; afterwards all is as before")
    func preparationFails() throws {
        let rig = StatementRig()
        let id = rig.prepare("SELECT a FROM t")
        rig.changeConnection(firstID: 300)
        let run = try #require(rig.run(Sent.execute(id)))
        let step = rig.client.step(for: run, on: &rig.backend)
        guard case .prepare(closing: []) = step else {
            Issue.record("not prepared again, but \(step)")
            return
        }
        let gone = SQLError(code: 1146, state: "42S02", message: "Table 't.t' doesn't exist")
        #expect(rig.backend.preparationRefused(gone) == false)
        #expect(rig.client.refused(run, gone, on: &rig.backend) == .relay)
        #expect(rig.sends(Sent.execute(id)) == ["prepare SELECT a FROM t", "execute 300 0001000000"])
    }

    @Test("a statement that the server has forgotten is prepared again, once a command")
    func forgotten() throws {
        let rig = StatementRig()
        let id = rig.prepare("SELECT 1")
        var run = try #require(rig.run(Sent.execute(id)))
        _ = rig.sends(run)
        let unknown = SQLError.unknownStatement(101, .execute)
        #expect(rig.client.refused(run, unknown, on: &rig.backend) == .prepareAgain)
        run.isSecondTry = true
        #expect(rig.sends(run) == ["prepare SELECT 1", "execute 102 0001000000"])
        let own = SQLError.unknownStatement(id, .execute)
        #expect(rig.client.refused(run, own, on: &rig.backend) == .replace(own))
    }

    @Test("COM_RESET_CONNECTION takes the statements, not the numbering")
    func connectionReset() {
        let rig = StatementRig()
        let id = rig.prepare("SELECT 1")
        rig.client.removeAll()
        rig.backend.removeAll()
        let unknown = "ERR 1243 Unknown prepared statement handler (1) given to mysqld_stmt_execute"
        #expect(rig.sends(Sent.execute(id)) == [unknown])
        #expect(rig.prepare("SELECT 1") == 2)
    }

    @Test("a client has no more statements than a server would have")
    func full() {
        let rig = StatementRig()
        for _ in 0..<ClientStatements.limit { _ = rig.prepare("SELECT 1") }
        let refusal = "ERR 1461 Can't create more than max_prepared_stmt_count statements (current value: 16382)"
        #expect(rig.transcript(rig.plan(Command.prepare.payload(text: "SELECT 1"))) == refusal)
        #expect(rig.backend.count == 1)
    }
}
