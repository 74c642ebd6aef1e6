import PluginAPI
import Pooling
import Synchronization
import Testing

@Suite("The servers and their hostgroups")
struct BackendSetTests {
    private let servers = BackendSet()
    private let a = Endpoint.tcp(host: "a", port: 1)
    private let b = Endpoint.tcp(host: "b", port: 1)
    private let c = Endpoint.tcp(host: "c", port: 1)

    private func load(_ rows: ServerRow...) {
        servers.change { $0 = rows }
    }

    private func names(_ hostgroup: Int) -> [String] { servers.hostgroups[hostgroup].map { "\($0.backend.endpoint)" } }

    @Test("options fill hostgroup 0, read-only servers hostgroup 1; twice is refused")
    func options() throws {
        try servers.add(a, role: .readWrite)
        try servers.add(b, role: .readOnly)
        #expect(names(0) == ["a:1"] && names(1) == ["b:1"])
        #expect(servers.all.map(\.role) == [.readWrite, .readOnly])
        #expect(throws: DuplicateBackend.self) { try servers.add(a, role: .readOnly) }
        #expect(servers.all.count == 2)
    }

    @Test("a server is one object in all hostgroups, and keeps its place for good")
    func places() throws {
        try servers.add(a, role: .readWrite)
        try servers.add(b, role: .readWrite)
        let before = servers.all
        load(
            ServerRow(hostgroup: 7, endpoint: b), ServerRow(hostgroup: 3, endpoint: c),
            ServerRow(hostgroup: 3, endpoint: b))
        #expect(servers.hostgroups.numbers == [3, 7])
        #expect(names(3) == ["b:1", "c:1"] && names(7) == ["b:1"])
        #expect(servers.hostgroups[7].first?.backend === before[1])
        #expect(before[0].isRemoved && before[0].standing == .offlineSoft && !before[1].isRemoved)
        load(ServerRow(hostgroup: 0, endpoint: a))
        #expect(servers.all.map(\.endpoint) == [a, b, c] && servers.all.map(\.index) == [0, 1, 2])
        #expect(servers.all[0] === before[0] && !before[0].isRemoved && before[0].standing == .online)
    }

    @Test("a server stands as its best row says, with the largest of the limits")
    func standing() {
        load(
            ServerRow(hostgroup: 0, endpoint: a, status: .offlineHard, maxConnections: 5),
            ServerRow(hostgroup: 1, endpoint: a, status: .offlineSoft, maxConnections: 9),
            ServerRow(hostgroup: 1, endpoint: b, status: .offlineHard))
        #expect(servers.all.map(\.standing) == [.offlineSoft, .offlineHard])
        #expect(servers.all.map(\.maxConnections) == [9, nil])
        #expect(servers.all.map(\.role) == [.readWrite, .readOnly])
    }

    @Test("a look at the hostgroups stays as it was when they are swapped")
    func snapshots() {
        load(ServerRow(hostgroup: 0, endpoint: a))
        let old = servers.hostgroups
        load(ServerRow(hostgroup: 0, endpoint: b))
        #expect(old[0].map(\.backend.endpoint) == [a] && servers.hostgroups[0].map(\.backend.endpoint) == [b])
    }

    @Test("whoever observes hears of every change, and of nothing where nothing changes")
    func observers() {
        let heard = Tally()
        servers.observe { heard.count() }
        load(ServerRow(hostgroup: 0, endpoint: a))
        load(ServerRow(hostgroup: 0, endpoint: a))
        #expect(heard.number == 1 && servers.version == 1)
        servers.change { $0[0].status = .offlineSoft }
        servers.pause(servers.all[0], true)
        #expect(heard.number == 3 && servers.version == 2)
    }

    @Test("a statement without a server is told why")
    func obstacles() {
        #expect(servers.hostgroups.obstacle(in: nil) == "no server is configured")
        load(
            ServerRow(hostgroup: 0, endpoint: a, status: .offlineSoft), ServerRow(hostgroup: 0, endpoint: b, weight: 0),
            ServerRow(hostgroup: 0, endpoint: c))
        servers.all[2].state = .down
        #expect(
            servers.hostgroups.obstacle(in: nil)
                == "hostgroup 0 has no server to use: a:1 is OFFLINE_SOFT, b:1 has weight 0, c:1 is down")
        #expect(servers.hostgroups.obstacle(in: 4) == "hostgroup 4 has no server (table mysql_servers)")
    }
}

private final class Tally: Sendable {
    private let value = Mutex(0)

    var number: Int { value.withLock { $0 } }

    func count() { value.withLock { $0 += 1 } }
}
