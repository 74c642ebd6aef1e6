import EventLoop
import MySQLWire
import PluginAPI
import Pooling
import Synchronization
import TestSupport
import Testing

@testable import FunnelPlugin

@Suite("The funnel and statements that must see transactions")
struct FunnelTransactionTests {
    private static let look = "SELECT @@global.gtid_current_pos LIMIT 1"

    @Test("a read goes to the reader once that has the session's own write, and the reader is asked once")
    func reads() throws {
        let town = try TransactionTown()
        let client = town.client()
        #expect(town.ask(client, "SELECT 1") == "reader")
        #expect(town.ask(client, "UPDATE a") == "OK")
        town.follow()
        #expect(town.ask(client, "SELECT 2") == "reader")
        #expect(town.ask(client, "SELECT 3") == "reader")
        #expect(town.reader.served == ["SELECT 1", Self.look, "SELECT 2", "SELECT 3"])
        #expect(town.counted == [1, 2, 0])
        let other = town.client()
        #expect(town.ask(other, "SELECT 4") == "reader")
        #expect(town.counted == [1, 2, 0], "a session that has written nothing waits for nothing")
    }

    @Test("a reader that is behind is waited for")
    func waits() throws {
        let town = try TransactionTown()
        let client = town.client()
        #expect(town.ask(client, "UPDATE a") == "OK")
        town.follow(after: 0.3)
        let begin = town.loop.now
        #expect(town.ask(client, "SELECT 1") == "reader")
        #expect((0.29...0.4).contains(town.loop.now.since(begin).seconds))
        #expect(town.reader.served == [Self.look, "SELECT MASTER_GTID_WAIT('0-1-1',0.500) LIMIT 1", "SELECT 1"])
        #expect(town.ask(client, "SELECT 2") == "reader")
        #expect(town.reader.served.last == "SELECT 2")
        #expect(town.reader.served.count == 4)
        #expect(town.counted == [1, 2, 0])
    }

    @Test("a reader that stays behind is not read from: the statement goes where the write was made")
    func falls() throws {
        let town = try TransactionTown()
        let client = town.client()
        #expect(town.ask(client, "UPDATE a") == "OK")
        let begin = town.loop.now
        #expect(town.ask(client, "SELECT 1") == "writer")
        #expect((0.5...0.6).contains(town.loop.now.since(begin).seconds))
        #expect(town.writer.served == ["UPDATE a", "SELECT 1"])
        town.funnel.gtidWait.store(0, ordering: .relaxed)
        #expect(town.ask(client, "SELECT 2") == "writer")
        #expect(town.reader.served.count == 3, "with no time to wait it is only looked at")
        #expect(town.counted == [1, 0, 2])
        town.follow()
        #expect(town.ask(client, "SELECT 3") == "reader")
        #expect(town.counted == [1, 1, 2])
    }

    @Test("what one session has learnt of a server serves all, until a connection to it breaks")
    func learns() throws {
        let town = try TransactionTown()
        let (one, other) = (town.client(), town.client())
        #expect(town.ask(one, "UPDATE a") == "OK")
        #expect(town.ask(other, "UPDATE b") == "OK")
        town.follow()
        #expect(town.ask(other, "SELECT 1") == "reader")
        #expect(town.ask(one, "SELECT 2") == "reader")
        #expect(town.reader.served == [Self.look, "SELECT 1", "SELECT 2"])
        town.breakConnections(to: town.reader)
        town.reader.sequence = 1
        town.funnel.gtidWait.store(0, ordering: .relaxed)
        #expect(town.ask(other, "SELECT 3") == "writer", "it has come back with less")
        #expect(town.ask(one, "SELECT 4") == "reader")
    }

    @Test("without the order nothing is asked or remembered, and the read is stale")
    func off() throws {
        let town = try TransactionTown()
        town.orders.isOn = false
        let client = town.client()
        #expect(town.ask(client, "UPDATE a") == "OK")
        #expect(town.ask(client, "SELECT 1") == "reader")
        #expect(town.reader.served == ["SELECT 1"])
        #expect(town.counted == [0, 0, 0])
    }

    @Test("a transaction stays on its server without a question, and its commit counts")
    func transaction() throws {
        let town = try TransactionTown()
        let client = town.client()
        #expect(town.ask(client, "UPDATE a") == "OK")
        #expect(town.ask(client, "BEGIN") == "OK")
        #expect(town.ask(client, "UPDATE b") == "OK")
        #expect(town.ask(client, "SELECT 1") == "writer")
        #expect(town.ask(client, "COMMIT") == "OK")
        #expect(town.reader.served.isEmpty)
        town.reader.sequence = 1
        #expect(town.ask(client, "SELECT 2") == "writer")
        town.follow()
        #expect(town.ask(client, "SELECT 3") == "reader")
    }

    @Test("a minimum is waited for too; where no server has it the client is told")
    func minimum() throws {
        let town = try TransactionTown()
        let client = town.client()
        town.writer.sequence = 8
        town.orders.minimum = "0-1-8"
        town.follow(after: 0.2)
        #expect(town.ask(client, "SELECT 1") == "reader")
        town.writer.sequence = 9
        town.orders.minimum = "0-1-9"
        #expect(town.ask(client, "SELECT 2") == "writer", "it goes where it would go without rules")
        #expect(town.writer.served == [Self.look, "SELECT 2"])
        town.orders.minimum = "0-1-10"
        #expect(
            town.ask(client, "SELECT 3") == "ERR 1105 (funnel) server writer:3306 has not applied min_gtid=0-1-10")
        town.orders.minimum = nil
        #expect(town.ask(client, "SELECT 4") == "reader")
    }

    @Test("MySQL is asked in its own words")
    func mySQL() throws {
        let town = try TransactionTown(isMariaDB: false)
        let client = town.client()
        let id = "3E11FA47-71CA-11E1-9E33-C80AA9429562:1"
        #expect(town.ask(client, "UPDATE a") == "OK")
        town.follow(after: 0.3)
        #expect(town.ask(client, "SELECT 1") == "reader")
        #expect(town.ask(client, "SELECT 2") == "reader")
        #expect(
            town.reader.served == [
                "SELECT GTID_SUBSET('\(id)',@@global.gtid_executed) LIMIT 1",
                "SELECT WAIT_FOR_EXECUTED_GTID_SET('\(id)',1) LIMIT 1", "SELECT 1", "SELECT 2",
            ])
    }

    @Test("a client that goes meanwhile leaves nothing behind")
    func clientGone() throws {
        let town = try TransactionTown()
        let client = town.client()
        #expect(town.ask(client, "UPDATE a") == "OK")
        client.send(Command.query.payload(text: "SELECT 1"))
        town.settle(0.1)
        client.hangUp()
        town.settle(3)
        let other = town.client()
        #expect(town.ask(other, "SELECT 2") == "reader")
        #expect(town.funnel.pools.allSatisfy { $0.outstanding == 0 })
    }
}
