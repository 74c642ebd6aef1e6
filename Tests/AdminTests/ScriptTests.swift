import MySQLWire
import PluginAPI
import Pooling
import TestSupport
import Testing

@testable import AdminPlugin

@Suite("A script answers before the tables do")
struct ScriptTests {
    private func rig(_ script: String) throws -> (AdminRig, AdminClient, ScratchFile) {
        let file = try ScratchFile(script)
        let rig = try AdminRig(script: file.path)
        return (rig, try rig.client(), file)
    }

    @Test("results, OKs and errors are its own; what it says nothing to is the tables'")
    func answers() throws {
        let (_, admin, _) = try rig(
            """
            local asked = 0
            function read_query(packet)
                asked = asked + 1
                local query = packet:sub(2)
                if packet:byte() ~= proxy.COM_QUERY then error("no query") end
                if query == "COUNT" then
                    proxy.response = { type = proxy.MYSQLD_PACKET_OK, resultset = {
                        fields = { { name = "n", type = proxy.MYSQL_TYPE_LONG }, { name = "who" } },
                        rows = { { asked, proxy.connection.client.username }, { nil, true }, { 1.5, "größe" } } } }
                    return proxy.PROXY_SEND_RESULT
                elseif query == "DONE" then
                    proxy.response.type = proxy.MYSQLD_PACKET_OK
                    proxy.response.affected_rows = 3
                    return proxy.PROXY_SEND_RESULT
                elseif query:find("^DELETE") then
                    proxy.response = { type = proxy.MYSQLD_PACKET_ERR, errmsg = "not today", errcode = 1234, sqlstate = "HY001" }
                    return proxy.PROXY_SEND_RESULT
                end
            end
            """)
        let answer = try admin.run("COUNT")
        #expect(answer.rows == [["1", "admin"], ["NULL", "NULL"], ["1.5", "größe"]])
        #expect(answer.columns.map(\.name) == ["n", "who"] && answer.columns.map(\.type) == [.long, .string])
        #expect(try admin.run("DONE").ok?.affectedRows == 3)
        let error = try admin.error("DELETE FROM fruit")
        #expect(error == SQLError(code: 1234, state: "HY001", message: "not today"))
        #expect(try admin.rows("SELECT name FROM fruit") == [["fig"]])
        #expect(try admin.run("INSERT INTO fruit (name) VALUES ('plum')").ok?.affectedRows == 1)
        #expect(try admin.rows("COUNT")[0] == ["6", "admin"])
    }

    @Test("every session has globals of its own")
    func globals() throws {
        let (rig, admin, _) = try rig(
            """
            count = 0
            function read_query(packet)
                if packet:sub(2) ~= "N" then return end
                count = count + 1
                proxy.response = { type = proxy.MYSQLD_PACKET_OK, resultset = {
                    fields = { { name = "n" } }, rows = { { count } } } }
                return proxy.PROXY_SEND_RESULT
            end
            """)
        #expect(try [admin.rows("N"), admin.rows("N")] == [[["1"]], [["2"]]])
        let other = try rig.client("stats")
        #expect(try other.rows("N") == [["1"]])
        #expect(try other.error("DELETE FROM fruit")?.code == 1227)
    }

    @Test("the servers are there, and what is written to them counts")
    func backends() throws {
        let (rig, admin, _) = try rig(
            """
            function read_query(packet)
                if packet:sub(2) ~= "BACKENDS" then return end
                local rows = {}
                for i = 1, #proxy.global.backends do
                    local b = proxy.global.backends[i]
                    rows[i] = { i, b.dst.name, b.state, b.type, b.connected_clients }
                    b.state = proxy.BACKEND_STATE_DOWN
                end
                proxy.response = { type = proxy.MYSQLD_PACKET_OK, resultset = {
                    fields = { { name = "i" }, { name = "a" }, { name = "s" }, { name = "t" }, { name = "c" } },
                    rows = rows } }
                return proxy.PROXY_SEND_RESULT
            end
            """)
        try rig.host.backends.add(.tcp(host: "db", port: 3307), role: .readWrite)
        #expect(try admin.rows("BACKENDS") == [["1", "db:3307", "0", "1", "0"]])
        #expect(try admin.rows("SELECT address, state FROM backends") == [["db:3307", "down"]])
        #expect(try admin.rows("SELECT COUNT(*) > 3 FROM help") == [["1"]])
    }

    @Test(
        "a script that fails is an error of the statement, and the session goes on",
        arguments: [
            ("error('oh')", "oh"), ("return 77", "PROXY_SEND_RESULT"),
            ("return proxy.PROXY_SEND_RESULT", "type is nil"),
            ("while true do end", "instructions"), ("proxy.response = 3; return 2", "no table"),
            ("proxy.response = { type = 0, resultset = { fields = {} } }; return 2", "at least one field"),
        ])
    func failures(_ body: String, _ words: String) throws {
        let (_, admin, _) = try rig("function read_query(packet) if packet:sub(2) == 'X' then \(body) end end")
        #expect(try admin.error("X")?.message.contains(words) == true)
        #expect(try admin.rows("SELECT 1") == [["1"]])
    }

    @Test(
        "a script that isn't Lua, or fails at once, keeps the port from starting", arguments: ["function (", "nil()"])
    func broken(_ text: String) throws {
        let file = try ScratchFile(text)
        let error = #expect(throws: OptionError.self) { try AdminRig(script: file.path) }
        #expect(error?.description.contains("--admin-lua-script=\(file.path)") == true)
        #expect(throws: OptionError.self) { try AdminRig(script: "/nowhere.lua") }
    }
}
