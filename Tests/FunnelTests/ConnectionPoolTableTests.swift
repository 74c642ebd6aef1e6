import ArgumentParser
import PluginAPI
import Pooling
import TestSupport
import Testing

@testable import FunnelPlugin

@Suite("stats_mysql_connection_pool")
struct ConnectionPoolTableTests {
    private let host = FakeHost(loopCount: 0)
    private let funnel: Funnel

    init() throws {
        funnel = try Funnel(options: .parse(["--funnel-auth-user=nobody"]), host: host)
        try host.backends.add(.tcp(host: "a", port: 3306), role: .readWrite)
        host.backends.change { rows in
            rows.append(
                ServerRow(hostgroup: 4, endpoint: .unix(path: "/b.sock"), status: .offlineSoft, maxConnections: 3))
        }
    }

    @Test("every server of every hostgroup has a row, in the columns' order")
    func rows() {
        let table = funnel.connectionPoolTable
        #expect(table.definition.name == "stats_mysql_connection_pool" && table.isResettable)
        host.backends.all[0].latency = .milliseconds(2)
        host.backends.all[0].state = .down
        let rows = table.rows(false)
        #expect(rows.allSatisfy { $0.count == table.definition.columns.count })
        let heads = rows.map { Array($0.prefix(4)) }
        #expect(
            heads == [
                [.integer(0), .text("a"), .integer(3306), .text("SHUNNED")],
                [.integer(4), .text("/b.sock"), .integer(0), .text("OFFLINE_SOFT")],
            ])
        #expect(rows.map(\.last) == [.integer(2000), .integer(0)])
    }

    @Test("a server that comes later has a row and a pool with its own limit")
    func late() {
        #expect(funnel.pools.map { $0.look { $0.policy.maximum } } == [10, 3])
        host.backends.change {
            $0.append(ServerRow(hostgroup: 0, endpoint: .tcp(host: "c", port: 1), maxConnections: 77))
        }
        #expect(funnel.connectionPoolTable.rows(true).count == 3)
        #expect(funnel.pools.map { $0.look { $0.policy.maximum } } == [10, 3, 77])
        #expect(funnel.pools.map(\.index) == [0, 1, 2])
    }
}
