import MySQLWire
import PluginAPI
import Pooling
import TestSupport
import Testing

@testable import ProxyPlugin

@Suite("Wrong use of the Lua API is an error that says what to do")
struct LuaErrorTests {
    @Test(
        "in read_query",
        arguments: [
            ("error('oops')", "oops"),
            ("return proxy.PROXY_IGNORE_RESULT", "there is no result yet"),
            ("return 3", "return nothing, proxy.PROXY_SEND_QUERY"),
            ("return proxy.PROXY_SEND_RESULT", "proxy.response.type is nil: set it to"),
            ("proxy.response = 1 return 2", "proxy.response is 1: make it a table"),
            ("proxy.response = {type = 0, resultset = {}} return 2", "resultset.fields must be a table"),
            ("proxy.response = {type = 0, resultset = {fields = {}}} return 2", "resultset.fields is empty"),
            ("proxy.response = {type = 0, resultset = {fields = {1}}} return 2", "fields[1] must be a table"),
            ("proxy.response = {type = 0, resultset = {fields = {{}}}} return 2", "rows must be a table"),
            (
                "proxy.response = {type = 0, resultset = {fields = {{}}, rows = {1}}} return 2",
                "rows[1] must be a table"
            ),
            (
                "proxy.response = {type = 0, resultset = {fields = {{}}, rows = {{{}}}}} return 2",
                "rows[1][1] is a table"
            ),
            (
                "proxy.response = setmetatable({}, {__index = function() while true do end end}) return 2",
                "used up its 2000001 instructions"
            ),
            ("proxy.response = {type = 250} return 2", "packets must be a table of strings"),
            ("proxy.response = {type = 250, packets = {}} return 2", "packets is empty"),
            ("proxy.response = {type = 250, packets = {{}}} return 2", "packets[1] must be a string"),
            (
                "proxy.response = {type = 250, packets = setmetatable({}, {__index = function() return 'x' end})} return 2",
                "--proxy-lua-max-"
            ),
            ("proxy.queries:append('x', 'y')", "the id must be an integer"),
            ("proxy.queries:append(1, {})", "must be a string that begins with a command byte"),
            ("proxy.queries:append(1, '')", "must be a string that begins with a command byte"),
            ("proxy.queries:append(1, 'x', 5)", "the options must be a table"),
            ("proxy.queries:append(1, 'x', {resultset_is_needed = 1})", "must be true or false"),
            ("local s = string.rep('x', 300000) while true do proxy.queries:append(1, s) end", "would hold more than"),
            ("while true do proxy.queries:prepend(1, 'x') end", "holds 1000 queries, which is the most"),
            (
                "local s = string.rep('x', 100000) proxy.response = {type = 250, packets = {s,s,s,s,s,s,s,s,s,s,s}} return 2",
                "response is larger than"
            ),
            ("proxy.connection.backend_ndx = 2", "is refused, because sessions of this kind keep their connection"),
            ("proxy.connection.backend_ndx = 9", "takes a number from 0 (none) to 2"),
            ("proxy.queries:append(1, '\\17')", "can only be sent where the client has sent one"),
            ("proxy.queries:append(1, '\\18', {resultset_is_needed = true})", "can't be kept"),
            ("proxy.connection.other = 1", "is not writable"),
            ("return proxy.connection.thread_id", "use proxy.connection.server.thread_id"),
            ("proxy.connection.client.username = 'x'", "is not writable"),
            ("proxy.global.backends[1].type = 1", "is not writable"),
            ("proxy.global.backends[1].state = 7", "BACKEND_STATE_UNKNOWN"),
            ("return proxy.global.backends.x", "takes a number from 1"),
            ("while true do end", "--proxy-lua-max-instructions"),
            ("local t = {} while true do t = {t, string.rep('x', 100000)} end", "--proxy-lua-max-memory"),
        ])
    func wrongUse(_ body: String, _ message: String) throws {
        let rig = try LuaRig("function read_query(packet) \(body) end")
        rig.logIn()
        #expect(rig.query("SELECT 1").isNext)
        #expect(rig.host.logged.count == 1)
        let logged = rig.host.logged.first ?? ""
        #expect(logged.hasPrefix("(read_query) ") && logged.contains(message), "\(logged)")
    }

    @Test("an error is logged with its line and a traceback, and refuses where the option says so")
    func refuse() throws {
        let rig = try LuaRig(
            "local function deep() error('oops') end\nfunction read_query() deep() end", onError: .refuse)
        rig.logIn()
        #expect(rig.errorMessage() == "(proxy) the Lua script failed in read_query; the log says why")
        let logged = rig.host.logged.first ?? ""
        #expect(logged.contains(".lua:1: oops\nstack traceback:") && logged.contains(".lua:2: in"), "\(logged)")
        #expect(rig.errorMessage() != nil, "the session goes on")
    }

    @Test("a broken top level passes without hooks, or refuses the client")
    func topLevel() throws {
        let source = "function read_query() return 3 end error('early')"
        let rig = try LuaRig(source)
        rig.logIn()
        #expect(rig.session.backend != nil && rig.query("SELECT 1").isNext)
        #expect(rig.host.logged.count == 1 && rig.host.logged[0].contains("early"))
        let strict = try LuaRig(source, onError: .refuse)
        guard case .refuse(let error) = strict.worker.connect(strict.session) else {
            Issue.record("not refused")
            return
        }
        #expect(error.message.contains("the script's top level"))
    }

    @Test("many errors in a second are counted, not all logged")
    func rateLimit() throws {
        let rig = try LuaRig("function read_query() error('oops') end")
        rig.logIn()
        for _ in 0..<50 { _ = rig.query("SELECT 1") }
        #expect(rig.host.logged.count == 10 && rig.services.errors.total == 50)
        rig.loop.pass(.seconds(2))
        _ = rig.query("SELECT 1")
        #expect(rig.host.logged.contains("40 more Lua errors were not logged"))
    }

    @Test("a script that can't be read or compiled names the file, and the line")
    func startUp() throws {
        #expect {
            try LuaScript(reading: "/nowhere/x.lua")
        } throws: { "\($0)".hasPrefix("--proxy-lua-script: can't read '/nowhere/x.lua': No such file") }
        #expect {
            try LuaRig("\n\nfunction read_query( end")
        } throws: { "\($0)".hasPrefix("--proxy-lua-script: ") && "\($0)".contains(".lua:3:") }
    }
}
