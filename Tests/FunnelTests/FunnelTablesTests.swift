import ArgumentParser
import PluginAPI
import Pooling
import Telemetry
import TestSupport
import Testing

@testable import FunnelPlugin

@Suite("The funnel's own tables")
struct FunnelTablesTests {
    private let host = FakeHost(loopCount: 0)
    private let funnel: Funnel

    init() throws {
        funnel = try Funnel(options: .parse(["--funnel-auth-user=nobody"]), host: host)
        try host.backends.add(.tcp(host: "a", port: 3306), role: .readWrite)
    }

    private func report(_ change: (inout LoopNumbers) -> Void) -> FunnelReport.Backend {
        var numbers = LoopNumbers()
        change(&numbers)
        let leases = LeaseReport(
            book: LeaseBook(policy: LeasePolicy(), loops: 1, seed: 1), now: MonotonicTime(nanoseconds: 0))
        let users = ["app", "web", "app"].map { Array($0.utf8) }
        return FunnelReport(backends: [(name: "a", leases: leases)], users: users, loops: [numbers]).backends[0]
    }

    private func offered(_ name: String) -> StatisticsTable? {
        FunnelTables(funnel: funnel).all.first { $0.definition.name == name }
    }

    @Test("every row has its table's columns", arguments: ["stats_funnel_backlog", "stats_funnel_pins"])
    func columns(_ name: String) throws {
        let table = try #require(offered(name))
        let rows = table.rows(false)
        #expect(!rows.isEmpty && rows.allSatisfy { $0.count == table.definition.columns.count })
        #expect(Set(table.definition.key).isSubset(of: table.definition.columns))
    }

    @Test("a user with several ways to log in has one row, with the sums")
    func users() throws {
        let backend = report { numbers in
            for (user, count) in [(0, 3), (1, 10), (2, 4)] {
                numbers.update(backend: 0, user: UserID(user)) { $0.counters.statements += count }
            }
        }
        let server = FunnelTables.Server(endpoint: .tcp(host: "a", port: 3306), backend: backend)
        let column = try #require(FunnelColumns.names.firstIndex(of: "statements"))
        let rows = server.byUser { FunnelColumns.row($0) }
        #expect(rows.map { [$0[0], $0[column]] } == [[.text("app"), .integer(7)], [.text("web"), .integer(10)]])
        #expect(rows.allSatisfy { $0.count == FunnelColumns.names.count })
    }

    @Test("what loops have had to do with the shared books has a row for each, in order")
    func loops() throws {
        let rows = LoopsTable.rows([1: LedgerWork(locked: 7, waits: 2, sent: 1), 0: LedgerWork(locked: 3)])
        #expect(rows == [[0, 3, 0, 0], [1, 7, 2, 1]].map { row in row.map { Cell($0) } })
        #expect(offered("stats_funnel_loops")?.definition.columns.count == rows[0].count)
    }

    @Test("of the longest wait and the peak the largest counts, not the sum")
    func most() {
        #expect(FunnelColumns.Number.most(3).joined(with: .most(5)).cell == .integer(5))
        #expect(FunnelColumns.Number.sum(3).joined(with: .sum(5)).cell == .integer(8))
    }

    @Test("phases add up to the total; what is missing is 'other', and a connect is no part of a statement")
    func latencies() {
        let spans: [(FunnelPhase, UInt64)] = [
            (.backlogWait, 2), (.connect, 90), (.backendTime, 10), (.transfer, 5), (.total, 20),
        ]
        let backend = report { numbers in
            numbers.update(backend: 0, user: UserID(0)) { user in
                for (phase, milliseconds) in spans { user.latencies.record(phase, .milliseconds(milliseconds)) }
            }
        }
        let rows = LatencyRows.rows(of: backend.all)
        let sums = Dictionary(uniqueKeysWithValues: rows.map { ($0[0].text ?? "", $0[2].integer) })
        #expect(
            sums == [
                "backlog_wait": 2000, "connect": 90_000, "backend_time": 10_000, "transfer": 5000, "total": 20_000,
                "other": 3000,
            ])
        #expect(rows.allSatisfy { $0.count == LatencyRows.columns.count })
    }

    @Test("where nothing was sent there are no phases")
    func idle() {
        #expect(LatencyRows.rows(of: report { _ in }.all).isEmpty)
    }
}
