import MySQLWire
import PluginAPI
import TestSupport
import Testing

@testable import ProxyPlugin

@Suite("A script's view of connections and backends")
struct LuaConnectionTests {
    @Test(
        "fields of connection, backends and constants",
        arguments: [
            ("proxy.connection.client.username", "ada"), ("proxy.connection.client.default_db", "shop"),
            ("#proxy.connection.client.scrambled_password", "3"),
            ("proxy.connection.client.auth_plugin_name", "ed25519"),
            ("proxy.connection.server.mysqld_version", "101106"), ("proxy.connection.server.thread_id", "77"),
            ("proxy.connection.server.scramble_buffer", "01234567890123456789"),
            ("proxy.connection.client.src.name", "10.1.1.1:5000"), ("proxy.connection.client.src.port", "5000"),
            ("proxy.connection.client.src.address", "10.1.1.1"), ("proxy.connection.client.src.type", "2"),
            ("proxy.connection.client.dst.type", "1"), ("proxy.connection.client.dst.port", "nil"),
            ("proxy.connection.server.dst.name", "10.0.0.1:3306"), ("proxy.connection.backend_ndx", "1"),
            ("proxy.connection.nothing", "nil"), ("#proxy.global.backends", "2"),
            ("proxy.global.backends[2].dst.port", "3307"), ("proxy.global.backends[2].type", "2"),
            ("proxy.global.backends[3]", "nil"), ("proxy.global.backends[1].uuid", "nil"),
            ("type(proxy.global.config)", "table"), ("proxy.PROXY_VERSION", "2053"),
            ("proxy.MYSQLD_PACKET_EOF", "254"), ("proxy.COM_DAEMON", "29"), ("proxy.MYSQL_TYPE_NEWDECIMAL", "246"),
            ("proxy.MYSQL_TYPE_VARCHAR", "nil"),
        ])
    func fields(_ expression: String, _ expected: String) throws {
        #expect(try LuaRig.value(of: expression) == expected)
    }

    @Test("connect_server chooses a backend; a choice that is down, and none, fall back")
    func chooses() throws {
        let rig = try LuaRig(
            """
            function connect_server()
              assert(proxy.connection.server == nil and proxy.connection.backend_ndx == 0)
              proxy.connection.backend_ndx = 2
            end
            """)
        guard case .backend(let chosen) = rig.worker.connect(rig.session) else {
            Issue.record("no backend: \(rig.host.logged)")
            return
        }
        #expect(chosen.role == .readOnly)
        chosen.state = .down
        guard case .backend(let fallback) = rig.worker.connect(rig.session) else {
            Issue.record("no backend")
            return
        }
        #expect(fallback.role == .readWrite)
    }

    @Test("connect_server refuses with an ERR, or greets by itself")
    func answersConnect() throws {
        let refusing = try LuaRig(
            "function connect_server() proxy.response = {type = 255, errmsg = 'full'} return proxy.PROXY_SEND_RESULT end"
        )
        guard case .refuse(let error) = refusing.worker.connect(refusing.session) else {
            Issue.record("not refused")
            return
        }
        #expect(error == SQLError(code: 1105, state: "07000", message: "full"))
        let greeting = try LuaRig(
            "function connect_server() proxy.response = {type = 250, packets = {'\\10hi'}} return 2 end")
        guard case .greet(let payload) = greeting.worker.connect(greeting.session) else {
            Issue.record("not greeted")
            return
        }
        #expect(payload == [10] + Array("hi".utf8))
    }

    @Test("the login can be seen, replaced and answered")
    func login() throws {
        let rig = try LuaRig(
            """
            function read_handshake() seen = proxy.connection.server.thread_id end
            function read_auth() proxy.queries:append(1, "login") return proxy.PROXY_SEND_QUERY end
            function read_auth_result(auth)
              proxy.response = { type = proxy.MYSQLD_PACKET_ERR, errmsg = seen .. #auth.packet }
              return proxy.PROXY_SEND_RESULT
            end
            """)
        rig.logIn()
        let bytes: [UInt8] = [0, 0, 0]
        guard case .next = rig.worker.handshake(bytes.span, in: rig.session),
            case .replace(let login) = rig.worker.auth(bytes.span, in: rig.session),
            case .replace(let answer) = rig.worker.authResult(bytes.span, in: rig.session)
        else {
            Issue.record("\(rig.host.logged)")
            return
        }
        #expect(login == Array("login".utf8))
        #expect(try LuaRig.error(answer).message == "773")
    }

    @Test("a backend's state and uuid are written for everyone")
    func backends() throws {
        let rig = try LuaRig(
            """
            function read_query()
              local backend = proxy.global.backends[1]
              backend.state, backend.uuid = proxy.BACKEND_STATE_DOWN, "abc"
            end
            """)
        rig.logIn()
        _ = rig.query("SELECT 1")
        #expect(rig.host.backends.all[0].state == .down && rig.host.backends.all[0].uuid == "abc")
    }

    @Test("disconnect_client is called, and what a script keeps of a client is an error afterwards")
    func disconnect() throws {
        let rig = try LuaRig(
            """
            function disconnect_client()
              proxy.connection.backend_ndx = 0
              proxy.global.kept = proxy.connection
            end
            function read_query() return proxy.global.kept.backend_ndx end
            """)
        rig.logIn()
        rig.worker.disconnect(rig.session)
        #expect(rig.host.logged.isEmpty)
        let next = Session(id: 2, slot: 0, generation: 2, clientAddress: "c:2", listenerAddress: "p:1")
        _ = rig.worker.connect(next)
        var writer = PacketWriter()
        writer.append([3, 65])
        _ = rig.worker.query(CommandView(packets: writer.bytes.span), in: next)
        #expect(rig.host.logged.first?.contains("the client of this proxy.connection is gone") == true)
    }
}
