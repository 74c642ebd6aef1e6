import MySQLWire
import PluginAPI
import Pooling
import Testing

@testable import ProxyPlugin

@Suite("The choice of a backend")
struct LeastConnectionsTests {
    private func backend(_ name: String, _ role: Backend.Role = .readWrite, clients: Int = 0) -> Backend {
        let backend = Backend(endpoint: .tcp(host: name, port: 1), role: role)
        for _ in 0..<clients { backend.clientAttached() }
        return backend
    }

    @Test("the backend with the fewest clients wins, the first one of equals")
    func fewest() {
        let backends = [backend("a", clients: 2), backend("b", clients: 1), backend("c", clients: 1)]
        #expect(LeastConnections(readOnlyFallback: false).choose(among: backends) === backends[1])
    }

    @Test("a backend that is down is passed over, one of which nothing is known is not")
    func down() {
        let backends = [backend("a"), backend("b", clients: 5)]
        backends[0].state = .down
        #expect(LeastConnections(readOnlyFallback: false).choose(among: backends) === backends[1])
        backends[1].state = .down
        #expect(LeastConnections(readOnlyFallback: false).choose(among: backends) == nil)
    }

    @Test("read-only backends serve only when no other is left, and only if that is wanted")
    func readOnly() {
        let backends = [backend("w", clients: 9), backend("r", .readOnly)]
        #expect(LeastConnections(readOnlyFallback: true).choose(among: backends) === backends[0])
        backends[0].state = .down
        #expect(LeastConnections(readOnlyFallback: true).choose(among: backends) === backends[1])
        #expect(LeastConnections(readOnlyFallback: false).choose(among: backends) == nil)
    }

    @Test("a worker refuses with an ERR that names the backends when all are down")
    func allDown() throws {
        let host = FakeHost()
        try host.backends.add(.tcp(host: "a", port: 1), role: .readWrite)
        let worker = ProxyWorker(host: host, readOnlyFallback: false, loop: FakeLoop(index: 1))
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
        let host = FakeHost()
        try host.backends.add(.tcp(host: "a", port: 1), role: .readWrite)
        let worker = ProxyWorker(host: host, readOnlyFallback: false, loop: FakeLoop(index: 1))
        let session = Session.fresh()
        session.failedConnects = 2
        guard case .refuse = worker.connect(session) else {
            Issue.record("the session goes round in circles")
            return
        }
    }
}
