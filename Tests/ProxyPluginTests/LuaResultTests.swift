import MySQLWire
import PluginAPI
import ProxyCore
import TestSupport
import Testing

@testable import ProxyPlugin

@Suite("A script's read_query_result")
struct LuaResultTests {
    private static let inject = """
        function read_query(packet)
          proxy.queries:append(7, packet, { resultset_is_needed = true })
          return proxy.PROXY_SEND_QUERY
        end
        """

    private func rig(_ body: String) throws -> (LuaRig, Injection) {
        let rig = try LuaRig(Self.inject + "\nfunction read_query_result(inj) \(body) end")
        rig.logIn()
        return (rig, try #require(rig.query("SELECT a, b FROM t").injections.first))
    }

    @Test(
        "what the injection tells",
        arguments: [
            ("inj.id", "7"), ("inj.type", "7"), ("inj.query:sub(2)", "SELECT a, b FROM t"), ("inj.query_time", "5"),
            ("inj.response_time", "9"), ("#inj.resultset.fields", "2"), ("inj.resultset.fields[2].name", "b"),
            ("inj.resultset.fields[1].table", "t"), ("inj.resultset.fields[1].type", "253"),
            ("inj.resultset.fields[3]", "nil"), ("inj.resultset.raw:byte()", "2"), ("inj.resultset.row_count", "2"),
            ("inj.resultset.bytes", "40"), ("inj.resultset.flags.in_trans", "true"),
            ("inj.resultset.flags.auto_commit", "false"), ("inj.resultset.warning_count", "3"),
            ("inj.resultset.affected_rows", "nil"), ("inj.resultset.insert_id", "nil"),
            ("inj.resultset.query_status", "0"), ("inj.nothing", "nil"),
            (
                "(function() local s = '' for row in inj.resultset.rows do s = s .. row[1] .. tostring(row[2]) .. ';' end "
                    + "return s end)()", "1x;2nil;"
            ),
        ])
    func reading(_ expression: String, _ expected: String) throws {
        let (rig, injection) = try rig(
            "proxy.response = { type = 255, errmsg = tostring(\(expression)) } return proxy.PROXY_SEND_RESULT")
        var summary = ResultSummary()
        (summary.rows, summary.rowBytes, summary.columns, summary.warnings) = (2, 40, 2, 3)
        summary.status = .inTransaction
        let verdict = rig.result(LuaRig.table(["a", "b"], [["1", "x"], ["2", nil]]), to: injection, summary)
        let answer = try #require(verdict.replacement.first, "\(rig.host.logged)")
        #expect(try LuaRig.error(answer).message == expected)
    }

    @Test("an OK has counts and no fields, an ERR has its status")
    func okAndError() throws {
        let body = """
            local r = inj.resultset
            proxy.response = { type = 255, errmsg = string.format("%s %s %s %s %s", r.affected_rows, r.insert_id,
              #r.fields, tostring(r.rows), r.query_status) }
            return proxy.PROXY_SEND_RESULT
            """
        var summary = ResultSummary()
        (summary.affectedRows, summary.lastInsertID) = (4, 5)
        for (payload, isError, expected) in [
            ([UInt8](arrayLiteral: 0, 4, 5), false, "4 5 0 nil 0"), ([255, 1, 4], true, "4 5 0 nil 255"),
        ] {
            let (rig, injection) = try rig(body)
            summary.isError = isError
            let answer = try #require(rig.result([payload], to: injection, summary).replacement.first)
            #expect(try LuaRig.error(answer).message == expected)
        }
    }

    @Test("rows of a prepared statement are texts, and the answer to one is binary again")
    func prepared() throws {
        let rig = try LuaRig(
            """
            function read_query(packet)
              proxy.queries:append(7, packet, { resultset_is_needed = true })
              return proxy.PROXY_SEND_QUERY
            end
            function read_query_result(inj)
              local rows = {}
              for row in inj.resultset.rows do row[2] = row[2] and "****" .. row[2]:sub(-2) rows[#rows + 1] = row end
              proxy.response = { type = 0, resultset = {
                fields = { { name = "n", type = proxy.MYSQL_TYPE_LONG }, { name = "card", type = 253 } }, rows = rows } }
              return proxy.PROXY_SEND_RESULT
            end
            """)
        rig.logIn()
        let injection = try #require(rig.execute(statement: 1).injections.first)
        let columns = [
            ColumnDefinition(name: "n", type: .long, table: "t"),
            ColumnDefinition(name: "card", type: .varString, table: "t"),
        ]
        let rows: [[BinaryValue]] = [[.signed(-5), .bytes(Array("411122".utf8))], [.signed(70_000), .null]]
        var payloads: [[UInt8]] = [[2]]
        payloads += columns.map { $0.encode(capabilities: [.protocol41]) }
        payloads.append(EOFPacket(status: .autocommit).encode())
        payloads += try rows.map { try BinaryRow(values: $0).encode(columns: columns) }
        payloads.append(EOFPacket(status: .autocommit).encode())
        let answer = rig.result(payloads, to: injection).replacement
        try #require(answer.count == 7, "\(rig.host.logged)")
        #expect(
            try LuaRig.binaryRow(answer[4], columns) == [
                .signed(-5), .bytes(Array("****22".utf8)),
            ])
        #expect(try LuaRig.binaryRow(answer[5], columns) == [.signed(70_000), .null])
    }

    @Test("nothing returned forwards, PROXY_IGNORE_RESULT drops, without a hook it is forwarded")
    func decisions() throws {
        let (forwarding, first) = try rig("")
        #expect(forwarding.result([[0]], to: first).isNext)
        let (dropping, second) = try rig("return proxy.PROXY_IGNORE_RESULT")
        #expect(dropping.result([[0]], to: second).isDrop)
        let without = try LuaRig(Self.inject)
        without.logIn()
        let third = try #require(without.query("x").injections.first)
        #expect(without.result([[0]], to: third).isNext && without.host.logged.isEmpty)
    }

    @Test("queries appended in the hook follow; a replaced answer waits for the last, one answer goes out")
    func appending() throws {
        let (rig, first) = try rig(
            """
            if inj.id == 7 then
              proxy.queries:append(8, "\\3SHOW WARNINGS", { resultset_is_needed = true })
              proxy.response = { type = 255, errmsg = "kept" }
              return proxy.PROXY_SEND_RESULT
            end
            """)
        let second = try #require(rig.result([[0]], to: first).more.first)
        #expect(second.id == 8)
        let answer = try #require(rig.result([[0]], to: second).replacement.first)
        #expect(try LuaRig.error(answer).message == "kept")
        #expect(rig.host.logged.count == 1 && rig.host.logged[0].contains("has its answer already"))
    }

    @Test("a command without an answer isn't asked about, and leaves the answer to the next query")
    func noAnswer() throws {
        let rig = try LuaRig(
            """
            function read_query(packet)
              proxy.queries:append(1, string.char(proxy.COM_STMT_CLOSE) .. "\\1\\0\\0\\0")
              proxy.queries:append(2, packet)
              return proxy.PROXY_SEND_QUERY
            end
            function read_query_result(inj) if inj.id ~= 2 then error("asked about " .. inj.id) end end
            """)
        rig.logIn()
        let first = try #require(rig.query("SELECT 1").injections.first)
        let second = try #require(rig.result([], to: first).more.first)
        #expect(second.id == 2 && !second.needsResult)
        #expect(rig.result([[0]], to: second).isNext)
        #expect(rig.host.logged.isEmpty)
    }

    @Test("a result that isn't needed is the client's: reading its rows, replacing and dropping say what to do")
    func notNeeded() throws {
        let source = "function read_query(packet) proxy.queries:append(1, packet) return proxy.PROXY_SEND_QUERY end\n"
        for (body, message) in [
            ("return inj.resultset.rows", "append the query with { resultset_is_needed = true }"),
            ("return proxy.PROXY_IGNORE_RESULT", "{ resultset_is_needed = true }"),
        ] {
            let rig = try LuaRig(
                source + "function read_query_result(inj) assert(inj.resultset.row_count == 0) \(body) end")
            rig.logIn()
            let injection = try #require(rig.query("x").injections.first)
            #expect(rig.result([], to: injection).isNext)
            #expect(rig.host.logged.first?.contains(message) == true, "\(rig.host.logged)")
        }
    }

    @Test(
        "an injection kept beyond its hook is an error that says what to do",
        arguments: ["inj.id", "rs.row_count", "#fields", "rows()"])
    func kept(_ expression: String) throws {
        let rig = try LuaRig(
            """
            function read_query(packet)
              if packet == "\\3later" then return \(expression) end
              proxy.queries:append(7, packet, { resultset_is_needed = true })
              return proxy.PROXY_SEND_QUERY
            end
            function read_query_result(it) inj = it rs = it.resultset fields = rs.fields rows = rs.rows end
            """)
        rig.logIn()
        let injection = try #require(rig.query("SELECT 1").injections.first)
        #expect(rig.result(LuaRig.table(["a"], [["1"]]), to: injection).isNext)
        #expect(rig.query("later").isNext)
        #expect(
            rig.host.logged.first?.contains("this injection's read_query_result is over") == true, "\(rig.host.logged)")
    }

    @Test("a server's answer that can't be read is an error, never a trap")
    func garbage() throws {
        let (rig, injection) = try rig("for row in inj.resultset.rows do end return #inj.resultset.fields")
        for payloads in [[[2], [1]], [[1]], [[0xFC]], [[]], [[0xFB, 97]], LuaRig.table(["a"], []) + [[1]]]
            as [[[UInt8]]]
        {
            _ = rig.query("SELECT 1")
            #expect(!rig.result(payloads, to: injection).isDrop)
        }
    }
}
