import MySQLWire
import PluginAPI
import Pooling
import TestSupport
import Testing

@testable import ProxyPlugin

@Suite("Where clients are connected to")
struct ProxyWorkerTests {
    private let host = FakeHost()
    private let loop = FakeLoop(index: 1)

    private func worker(readOnlyFallback: Bool = false) -> ProxyWorker {
        ProxyWorker(host: host, readOnlyFallback: readOnlyFallback, loop: loop)
    }

    private func add(_ name: String, _ role: Backend.Role = .readWrite, clients: Int = 0) throws -> Backend {
        try host.backends.add(.tcp(host: name, port: 1), role: role)
        let backend = try #require(host.backends.all.last)
        for _ in 0..<clients { backend.clientAttached() }
        return backend
    }

    private func chosen(_ worker: ProxyWorker, hostgroup: Int? = nil) -> Backend? {
        let session = Session.fresh()
        session.hostgroup = hostgroup
        guard case .backend(let backend) = worker.connect(session) else { return nil }
        return backend
    }

    @Test("the server with the fewest clients wins")
    func fewest() throws {
        _ = try add("a", clients: 5)
        let few = try add("b", clients: 1)
        #expect(chosen(worker()) === few)
    }

    @Test("a weight is a share of the clients")
    func weights() throws {
        let backends = [try add("a"), try add("b")]
        host.backends.change { $0[0].weight = 4 }
        let worker = worker()
        for _ in 0..<1000 { chosen(worker)?.clientAttached() }
        #expect((780...820).contains(backends[0].connectedClients), "\(backends.map(\.connectedClients))")
    }

    @Test("a server that is down is passed over, one of which nothing is known is not")
    func down() throws {
        let backends = [try add("a"), try add("b", clients: 5)]
        let worker = worker()
        backends[0].state = .down
        #expect(chosen(worker) === backends[1])
        backends[1].state = .down
        #expect(chosen(worker) == nil)
    }

    @Test("read-only servers serve only when no other is left, and only if that is wanted")
    func readOnly() throws {
        let (writer, reader) = (try add("w", clients: 9), try add("r", .readOnly))
        #expect(chosen(worker(readOnlyFallback: true)) === writer)
        writer.state = .down
        #expect(chosen(worker(readOnlyFallback: true)) === reader)
        #expect(chosen(worker()) == nil)
    }

    @Test("a session's hostgroup is followed, and its row's max_connections")
    func hostgroup() throws {
        _ = try add("a")
        let row = ServerRow(hostgroup: 8, endpoint: .tcp(host: "b", port: 1), maxConnections: 2)
        host.backends.change { $0.append(row) }
        let worker = worker()
        for _ in 0..<2 { chosen(worker, hostgroup: 8)?.clientAttached() }
        #expect(host.backends.all[1].connectedClients == 2)
        #expect(chosen(worker, hostgroup: 8) == nil && chosen(worker) === host.backends.all[0])
    }

    @Test("an OFFLINE_SOFT server gets no new client; one that waits for a paused server gets it with RESUME")
    func drained() throws {
        let backends = [try add("a"), try add("b")]
        let worker = worker()
        host.backends.change { $0[0].status = .offlineSoft }
        #expect((0..<4).allSatisfy { _ in chosen(worker) === backends[1] })
        host.backends.pause(backends[1], true)
        let session = Session.fresh()
        guard case .hold = worker.connect(session) else {
            Issue.record("the session doesn't wait for the paused server")
            return
        }
        host.backends.pause(backends[1], false)
        guard case .backend(let backend) = worker.connect(session) else {
            Issue.record("the session isn't served after RESUME")
            return
        }
        #expect(backend === backends[1])
    }

    @Test("a worker refuses with an ERR that names the backends when all are down")
    func allDown() throws {
        _ = try add("a")
        let worker = worker()
        let session = Session.fresh()
        guard case .backend(let backend) = worker.connect(session) else {
            Issue.record("no backend was chosen")
            return
        }
        backend.state = .down
        guard case .refuse(let error) = worker.connect(session) else {
            Issue.record("a backend that is down was chosen")
            return
        }
        #expect(error.code == 1105 && error.state == "08S01" && error.message.contains("a:1"))
    }

    @Test("a session that has failed more often than there are backends is refused")
    func failures() throws {
        _ = try add("a")
        let worker = worker()
        let session = Session.fresh()
        session.failedConnects = 2
        guard case .refuse = worker.connect(session) else {
            Issue.record("the session goes round in circles")
            return
        }
    }
}
