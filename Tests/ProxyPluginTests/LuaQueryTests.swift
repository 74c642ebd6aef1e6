import MySQLWire
import PluginAPI
import TestSupport
import Testing

@testable import ProxyPlugin

@Suite("A script's read_query")
struct LuaQueryTests {
    @Test("nothing returned, and no read_query at all, let the command pass")
    func pass() throws {
        for source in ["", "function read_query(packet) end", "function read_query() return 'x' end"] {
            let rig = try LuaRig(source)
            rig.logIn()
            #expect(rig.query("SELECT 1").isNext)
            #expect(rig.host.logged.isEmpty)
        }
    }

    @Test("a table is answered without a backend, NULL and numbers as text")
    func answersTable() throws {
        let rig = try LuaRig(
            """
            function read_query(packet)
              if packet:sub(2) ~= "hello" then return end
              proxy.response.type = proxy.MYSQLD_PACKET_OK
              proxy.response.resultset = {
                fields = { { name = "a", type = proxy.MYSQL_TYPE_STRING }, { name = "b" } },
                rows = { { "x\\0y", nil }, { 3, 2.5 } } }
              return proxy.PROXY_SEND_RESULT
            end
            """)
        rig.logIn()
        #expect(rig.query("other").isNext)
        let payloads = rig.query("hello").answer
        #expect(payloads.count == 7)
        try #require(payloads.count == 7)
        #expect(payloads[0] == [2])
        #expect(try LuaRig.columnName(payloads[1]) == "a")
        #expect(try LuaRig.row(payloads[4]) == [Array("x\0y".utf8), nil])
        #expect(try LuaRig.row(payloads[5]) == [Array("3".utf8), Array("2.5".utf8)])
        #expect(payloads[6].first == 0xFE)
    }

    @Test("OK, ERR and RAW are answered")
    func answers() throws {
        let rig = try LuaRig(
            """
            function read_query(packet)
              local kind = packet:sub(2)
              if kind == "ok" then
                proxy.response = { type = proxy.MYSQLD_PACKET_OK, affected_rows = 300, insert_id = 7 }
              elseif kind == "err" then
                proxy.response = { type = proxy.MYSQLD_PACKET_ERR, errmsg = "no", errcode = 1234, sqlstate = "42000" }
              else
                proxy.response = { type = proxy.MYSQLD_PACKET_RAW, packets = { "a", "bc" } }
              end
              return proxy.PROXY_SEND_RESULT
            end
            """)
        rig.logIn()
        let ok = try #require(rig.query("ok").answer.first)
        let packet = try OKPacket(decoding: ok.span, capabilities: [.protocol41])
        #expect(packet.affectedRows == 300 && packet.lastInsertID == 7 && packet.status == .autocommit)
        let err = try #require(rig.query("err").answer.first)
        #expect(try LuaRig.error(err) == ErrorPacket(code: 1234, state: "42000", message: "no"))
        #expect(rig.query("raw").answer == [Array("a".utf8), Array("bc".utf8)])
    }

    @Test("queries are queued in order, and sent one after the other")
    func queue() throws {
        let rig = try LuaRig(
            """
            function read_query(packet)
              proxy.queries:append(1, packet)
              proxy.queries:reset()
              proxy.queries:append(2, "\\3B", { resultset_is_needed = true })
              proxy.queries:append(3, "\\3C")
              proxy.queries:prepend(1, "\\3A", { resultset_is_needed = true })
              assert(#proxy.queries == 3 and proxy.queries:len() == 3)
              return proxy.PROXY_SEND_QUERY
            end
            function read_query_result(inj) if inj.id < 3 then return proxy.PROXY_IGNORE_RESULT end end
            """)
        rig.logIn()
        let first = try #require(rig.query("x").injections.first)
        #expect(first.payload == [3, 65] && first.needsResult && first.id == 1)
        let second = try #require(rig.result([[0]], to: first).more.first)
        #expect(second.payload == [3, 66] && second.needsResult)
        let third = try #require(rig.result([[0]], to: second).more.first)
        #expect(third.payload == [3, 67] && !third.needsResult)
        #expect(!rig.result([], to: third).more.contains { _ in true })
        #expect(rig.host.logged.isEmpty, "\(rig.host.logged)")
    }

    @Test("what is queued but not sent passes, and says so")
    func forgotten() throws {
        let rig = try LuaRig("function read_query(packet) proxy.queries:append(1, packet) end")
        rig.logIn()
        #expect(rig.query("SELECT 1").isNext)
        #expect(rig.host.logged.first?.contains("return proxy.PROXY_SEND_QUERY") == true)
        let empty = try LuaRig("function read_query() return proxy.PROXY_SEND_QUERY end")
        empty.logIn()
        #expect(empty.query("SELECT 1").isNext)
        #expect(empty.host.logged.first?.contains("proxy.queries is empty") == true)
    }

    @Test("globals are a session's own, proxy.global is everyone's; a response doesn't outlive its query")
    func scoping() throws {
        let rig = try LuaRig(
            """
            count = 0
            proxy.global.total = proxy.global.total or 0
            function read_query()
              assert(next(proxy.response) == nil)
              count = count + 1
              proxy.global.total = proxy.global.total + 1
              proxy.response.type = proxy.MYSQLD_PACKET_ERR
              proxy.response.errmsg = count .. "/" .. proxy.global.total
              return proxy.PROXY_SEND_RESULT
            end
            """)
        rig.logIn()
        let other = Session(id: 2, slot: 1, generation: 1, clientAddress: "c:2", listenerAddress: "p:1")
        _ = rig.worker.connect(other)
        #expect(rig.errorMessage() == "1/1")
        var writer = PacketWriter()
        writer.append([3, 65])
        guard case .answer(let payloads) = rig.worker.query(CommandView(packets: writer.bytes.span), in: other) else {
            Issue.record("not answered")
            return
        }
        #expect(try LuaRig.error(payloads[0]).message == "1/2")
        #expect(rig.errorMessage() == "2/3")
    }
}
