import LuaVM
import PluginAPI
import Pooling
import TestSupport
import Testing

@testable import ProxyPlugin

@Suite("chassis")
struct ChassisModuleTests {
    let rig: ModuleRig

    init() throws { rig = try ModuleRig() }

    @Test("each level logs with file and line of the caller", arguments: LogLevel.allCases)
    func levels(_ level: LogLevel) throws {
        try rig.state.run(
            try rig.state.load("local c = require('chassis')\n\nc.log('\(level)', 'first')", path: "dir/a.lua"),
            in: try rig.state.makeEnvironment())
        #expect(rig.host.logged == ["dir/a.lua:3: first"])
        #expect(rig.host.levels == [level])
        guard level != .error else { return }
        try rig.run("require('chassis').\(level)('second') return pcall(require('chassis').\(level), 3)")
        #expect(rig.host.logged.dropFirst() == ["test.lua:1: second", "test.lua:1: 3"])
        #expect(rig.host.levels == [level, level, level])
    }

    @Test("print logs at level message, with tabs and tostring; the old one is os.print")
    func prints() throws {
        try rig.run(
            """
            local before = print
            require('chassis')
            package.loaded.chassis = nil
            require('chassis')
            assert(os.print == before and print ~= before)
            print('a', nil, 1.5, setmetatable({}, { __tostring = function() return 'object' end }))
            print()
            """)
        #expect(rig.host.logged == ["a\tnil\t1.5\tobject", ""])
        #expect(rig.host.levels == [.message, .message])
    }

    @Test("set_shutdown asks the host, and the log says who did")
    func shutdown() throws {
        try rig.run("require('chassis').set_shutdown()")
        #expect(rig.host.shutdowns == 1)
        #expect(rig.host.logged == ["test.lua:1: the script ends the process"])
        let trial = try ModuleRig(isTrial: true)
        try trial.run("require('chassis').set_shutdown()")
        #expect(trial.host.shutdowns == 0)
        #expect(trial.host.logged == ["test.lua:1: the script is only tried: the process isn't ended"])
    }

    @Test("the statistics are the state's own numbers")
    func statistics() throws {
        let read = "local s = require('chassis').get_stats().chassis"
        #expect(
            try rig.run(
                "\(read) local names = {} for name in pairs(s) do names[#names + 1] = name end "
                    + "table.sort(names) return table.concat(names, ' ')")
                == "lua_errors lua_mem_alloc lua_mem_bytes lua_mem_bytes_max lua_mem_free")
        let bytes = Int(try rig.run("\(read) return s.lua_mem_bytes")) ?? 0
        #expect(abs(bytes - rig.state.memoryInUse) < 20_000)
        let grown = try rig.run(
            """
            local stats = require('chassis').get_stats
            local before = stats().chassis
            local t = {}
            for i = 1, 100 do t[i] = ('x'):rep(10000 + i) end
            local full = stats('chassis').chassis
            assert(full.lua_mem_alloc >= before.lua_mem_alloc + 100)
            assert(full.lua_mem_bytes >= before.lua_mem_bytes + 900000)
            t = nil
            collectgarbage()
            local after = stats().chassis
            assert(after.lua_mem_free >= full.lua_mem_free + 100)
            assert(after.lua_mem_bytes < full.lua_mem_bytes - 800000)
            assert(after.lua_mem_bytes_max >= full.lua_mem_bytes)
            return stats('nobody')
            """)
        #expect(grown == "nil")
    }

    @Test("mem_profile logs the numbers")
    func profile() throws {
        try rig.run("require('chassis').mem_profile()")
        let line = rig.host.logged.first ?? ""
        #expect(line.hasPrefix("test.lua:1: memory of this loop's Lua state: lua_mem_alloc="), "\(line)")
        #expect(line.contains("lua_mem_bytes_max="))
    }

    @Test("wrong use is an error")
    func wrongUse() {
        #expect(rig.show("require('chassis').log('loud', 'x')").contains("the level is one of \"error\", \"critical\""))
        #expect(rig.show("require('chassis').log('info')").contains("chassis.info: there is no text to log"))
        #expect(rig.show("require('chassis').warning()").contains("chassis.warning: there is no text to log"))
        #expect(rig.host.logged.isEmpty)
    }

    @Test("a flood is counted, not logged; other levels and the next second are free")
    func flood() throws {
        try rig.run("local c = require('chassis') for i = 1, 1500 do c.debug(i) end c.warning('seen')")
        #expect(rig.host.logged.count == 1_001)
        #expect(rig.host.logged.last == "test.lua:1: seen")
        rig.loop.pass(.seconds(1))
        try rig.run("require('chassis').debug('later')")
        #expect(
            rig.host.logged.suffix(2) == [
                "500 more lines of Lua scripts were not logged: 1000 a second are the most", "test.lua:1: later",
            ])
    }

    @Test("a long line is cut, and charged")
    func longLine() throws {
        try rig.run("require('chassis').info(('x'):rep(100000))")
        let line = rig.host.logged.first ?? ""
        #expect(line.utf8.count < 8_300 && line.hasSuffix("… (91820 bytes more)"), "\(line.suffix(40))")
        let error = #expect(throws: LuaError.self) {
            try rig.run(
                "local log = require('chassis').info while true do log(given) end",
                [UInt8](repeating: 65, count: 100_000), LuaBudget(instructions: 200_000, memory: 1 << 22))
        }
        #expect(error?.kind == .budget)
    }

    @Test("a script of the proxy finds every module")
    func inHooks() throws {
        let rig = try LuaRig(
            """
            for _, name in ipairs({ "mysql.proto", "mysql.password", "mysql.tokenizer", "chassis", "glib2", "posix" }) do
              assert(type(require(name)) == "table", name)
            end
            function read_query(packet)
              if #packet > 1000000 then return print(#packet, pcall(proto.from_ok_packet, packet)) end
              print("query", packet:sub(2))
              proxy.response = { type = proxy.MYSQLD_PACKET_RAW, packets = { proto.to_ok_packet({ insert_id = 9 }) } }
              return proxy.PROXY_SEND_RESULT
            end
            """)
        rig.logIn()
        #expect(rig.query("SELECT 1").answer == [[0, 0, 9, 0, 0, 0, 0]])
        #expect(rig.query(String(repeating: "x", count: 1_200_000)).isNext)
        #expect(
            rig.host.logged == [
                "query\tSELECT 1",
                "1200001\tfalse\tproto.from_ok_packet: malformed OK: expected the byte 0x00 or 0xFE at byte 0",
            ])
    }
}
