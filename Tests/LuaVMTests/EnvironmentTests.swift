import LuaVM
import Testing

@Suite struct EnvironmentTests {
    let lua: LuaState

    init() throws { lua = try LuaState() }

    @Test("globals are private to an environment; what it lacks is shared")
    func privacy() throws {
        let chunk = try lua.load(
            "count = 0 function main() count = count + 1; seen = _G.shared; return count end", path: "test.lua")
        let first = try lua.makeEnvironment()
        let second = try lua.makeEnvironment()
        try lua.run(chunk, in: first)
        try lua.run(chunk, in: second)
        #expect(try lua.call("main", in: first) == "1")
        #expect(try lua.call("main", in: first) == "2")
        #expect(try lua.call("main", in: second) == "1")
        #expect(try lua.answer("function main() return count end") == "nil")
    }

    @Test("functions made later keep their environment, in nested functions and coroutines, too")
    func closures() throws {
        let chunk = try lua.load(
            """
            function main(v)
              local function set() coroutine.wrap(function() kept = kept or v end)() end
              set()
              return kept
            end
            """,
            path: "test.lua")
        let environments = try (0..<50).map { _ in try lua.makeEnvironment() }
        for environment in environments { try lua.run(chunk, in: environment) }
        for (number, environment) in environments.enumerated() {
            #expect(try lua.call("main", in: environment, ["\(number)"]) == "\(number)")
        }
        #expect(try lua.call("main", in: environments[7], ["x"]) == "7")
    }

    @Test("thousands of environments come and go, and memory stays flat")
    func flat() throws {
        let chunk = try lua.load("local n = 1 state = {} function main(q) state.q = q return q end", path: "test.lua")
        func round() throws -> Int {
            for number in 0..<3_000 {
                let environment = try lua.makeEnvironment()
                try lua.run(chunk, in: environment)
                _ = try lua.call("main", in: environment, ["query \(number)"])
            }
            return lua.collectGarbage()
        }
        _ = try round()
        let before = try round()
        for _ in 0..<3 { _ = try round() }
        #expect(try round() <= before + 1024)
    }

    @Test("a run can't begin inside the same script's run")
    func nestedRun() throws {
        let chunk = try lua.load("again()", path: "test.lua")
        let environment = try lua.makeEnvironment()
        try lua.define("again") { frame throws(LuaError) in
            try frame.state.run(chunk, in: environment)
            return 0
        }
        let error = try #require(throws: LuaError.self) { try lua.run(chunk, in: environment) }
        #expect(error.message == "test.lua:1: the script's top level is running already")
    }

    @Test("a shebang line and a byte-order mark are passed over, with lines as they are")
    func shebang() throws {
        #expect(try lua.answer("#!/usr/bin/lua\nfunction main() return 'ran' end") == "ran")
        let error = try lua.failure("\u{FEFF}#!/usr/bin/lua\nfunction main() error('here') end")
        #expect(error.message == "test.lua:2: here")
    }
}
