import MySQLWire
import PluginAPI
import TestSupport
import Testing

@testable import ProxyPlugin

/// A session that parks and takes without streams.
private final class ParkingSession: Session {
    /// What stands in the way.
    var hindrance: ParkingObstacle?
    /// Backends of which a connection is parked.
    var parked: [Backend] = []
    /// What was asked for, in order: `park`, or a backend's address.
    private(set) var requests: [String] = []

    init() {
        super.init(id: 1, slot: 0, generation: 1, clientAddress: "10.1.1.1:5000", listenerAddress: "/tmp/p.sock")
    }

    override var backendSchemaBytes: [UInt8] { Array("elsewhere".utf8) }

    override func parkBackend() throws(ParkingObstacle) {
        requests.append("park")
        if let hindrance { throw hindrance }
        backend.map { parked.append($0) }
        backend = nil
    }

    override func takeBackend(_ target: Backend) throws(ParkingObstacle) -> Bool {
        requests.append("\(target.endpoint)")
        if let hindrance { throw hindrance }
        guard let index = parked.firstIndex(where: { $0 === target }) else { return false }
        backend = parked.remove(at: index)
        return true
    }
}

@Suite("A script's parking and taking of backend connections")
struct LuaBackendTests {
    private func rig(_ hooks: String) throws -> (LuaRig, ParkingSession) {
        let session = ParkingSession()
        let rig = try LuaRig(hooks, session: session)
        rig.logIn()
        return (rig, session)
    }

    @Test("backend_ndx = 0 parks, and reads 0; a number takes it back, and the statement goes there")
    func parksAndTakes() throws {
        let (rig, session) = try rig(
            """
            function read_query(packet)
              proxy.connection.backend_ndx = 0
              local parked = proxy.connection.backend_ndx
              local server = proxy.connection.server
              proxy.connection.backend_ndx = 0
              proxy.connection.backend_ndx = 1
              error(parked .. tostring(server) .. proxy.connection.backend_ndx)
            end
            """)
        #expect(rig.query("SELECT 1").isNext)
        #expect(session.requests == ["park", "10.0.0.1:3306"])
        #expect(rig.host.logged.first?.contains(": 0nil1") == true)
    }

    @Test("a backend without a parked connection leaves the number as it is, without an error")
    func nothingParked() throws {
        let (rig, session) = try rig(
            """
            function read_query()
              proxy.connection.backend_ndx = 2
              assert(proxy.connection.backend_ndx == 1)
            end
            """)
        #expect(rig.query("SELECT 1").isNext)
        #expect(rig.host.logged.isEmpty && session.requests == ["10.0.0.2:3307"])
    }

    @Test(
        "what stands in the way is a Lua error that names the reason",
        arguments: [
            (ParkingObstacle.transactionOpen, "because a transaction is open"),
            (.autocommitOff, "because autocommit is off"), (.statementsOpen, "prepared statements open"),
            (.loginUnfinished, "because the login isn't finished"), (.answerUnderWay, "because an answer is under way"),
            (.noBackend, "has no backend connection"), (.ending, "about to end"),
        ], [0, 2])
    func obstacles(_ obstacle: (ParkingObstacle, String), _ number: Int) throws {
        let (rig, session) = try rig("function read_query() proxy.connection.backend_ndx = \(number) end")
        session.hindrance = obstacle.0
        _ = rig.query("SELECT 1")
        let logged = rig.host.logged.first ?? ""
        #expect(logged.contains("backend_ndx = \(number) is refused") && logged.contains(obstacle.1))
    }

    @Test(
        "a number that is none, or out of range, is an error that says the range",
        arguments: ["3", "-1", "'x'", "1.5", "{}"])
    func range(_ value: String) throws {
        let (rig, session) = try rig("function read_query() proxy.connection.backend_ndx = \(value) end")
        _ = rig.query("SELECT 1")
        #expect(rig.host.logged.first?.contains("takes a number from 0 (none) to 2") == true)
        #expect(session.requests.isEmpty)
    }

    @Test("parking that waits for the answer reads 0 already")
    func waits() throws {
        let (rig, session) = try rig("function read_query() error('ndx ' .. proxy.connection.backend_ndx) end")
        session.isParking = true
        _ = rig.query("SELECT 1")
        #expect(rig.host.logged.first?.contains("ndx 0") == true)
    }

    @Test(
        "disconnect_client parks where it can, and is silent where it can't", arguments: [nil, ParkingObstacle.ending])
    func disconnect(_ obstacle: ParkingObstacle?) throws {
        let (rig, session) = try rig("function disconnect_client() proxy.connection.backend_ndx = 0 end")
        session.hindrance = obstacle
        rig.worker.disconnect(session)
        #expect(session.requests == ["park"] && rig.host.logged.isEmpty)
    }

    @Test("PROXY_IGNORE_RESULT in connect_server wants a parked connection of the chosen backend")
    func reuse() throws {
        let reusing = try LuaRig(
            "function connect_server() proxy.connection.backend_ndx = 2 return proxy.PROXY_IGNORE_RESULT end")
        guard case .reuse(let backend) = reusing.worker.connect(reusing.session) else {
            Issue.record("no reuse")
            return
        }
        #expect(backend === reusing.host.backends.all[1])
        let choosing = try LuaRig("function connect_server() return proxy.PROXY_IGNORE_RESULT end")
        guard case .backend = choosing.worker.connect(choosing.session) else {
            Issue.record("who chooses nothing wants nothing reused")
            return
        }
    }

    @Test("both sides' schemas, and the connection's own thread id")
    func sides() throws {
        let (rig, session) = try rig(
            """
            function read_query()
              local client, server = proxy.connection.client, proxy.connection.server
              error(table.concat({ client.default_db, server.default_db, client.thread_id, server.thread_id }, " "))
            end
            """)
        session.backendGreeting = session.greeting
        session.backendGreeting?.connectionID = 78
        _ = rig.query("SELECT 1")
        #expect(rig.host.logged.first?.contains("shop elsewhere 77 78") == true)
    }

    @Test("a pool's limits are everyone's; what is idle is told by user, 0 for an unknown one")
    func pool() throws {
        let (rig, _) = try rig(
            """
            function read_query()
              local pool = proxy.global.backends[1].pool
              pool.max_idle_connections, pool.min_idle_connections = 8, pool.max_idle_connections + 4
              error(pool.users.ada.cur_idle_connections .. " " .. pool.users["?"].cur_idle_connections)
            end
            """)
        rig.loop.parked = ["ada": 3]
        _ = rig.query("SELECT 1")
        #expect(rig.host.logged.first?.contains("3 0") == true)
        let backend = rig.host.backends.all[0]
        #expect(backend.maxIdleConnections == 8 && backend.minIdleConnections == 4)
    }

    @Test(
        "a pool's fields refuse what they can't be",
        arguments: [
            ("pool.max_idle_connections = -1", "whole number from 0"),
            ("pool.min_idle_connections = 'many'", "whole number from 0"),
            ("pool.min_idle_connections = 2^40", "whole number from 0"), ("pool.users = 1", "not writable"),
            ("local x = pool.users[{}]", "takes a user's name"),
        ])
    func poolErrors(_ body: String, _ message: String) throws {
        let (rig, _) = try rig("function read_query() local pool = proxy.global.backends[1].pool \(body) end")
        _ = rig.query("SELECT 1")
        #expect(rig.host.logged.first?.contains(message) == true, "\(rig.host.logged)")
    }
}
