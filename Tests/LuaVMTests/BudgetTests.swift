import Glibc
import LuaVM
import Testing

@Suite struct BudgetTests {
    let lua: LuaState
    let budget = LuaBudget(instructions: 200_000, memory: 4_000_000)

    init() throws {
        // Without the clock, a slow machine's tests end as on a fast one.
        var settings = LuaSettings()
        settings.instructionNanoseconds = 0
        lua = try LuaState(settings)
    }

    @Test("what takes longer than its instructions is charged by its time")
    func time() throws {
        let slow = try LuaState()
        try slow.define("wait") { _ throws(LuaError) in
            let end = clock() + CLOCKS_PER_SEC / 1000
            while clock() < end {}
            return 0
        }
        let error = try slow.failure("function main() while true do wait() end end", budget)
        #expect(error.kind == .budget)
    }

    @Test(
        "a script without an end is ended, whatever it catches",
        arguments: [
            "while true do end",
            "while true do pcall(function() while true do end end) end",
            "while true do pcall(error) end",
            "local function f() while true do end end while true do xpcall(f, f) end",
            "xpcall(function() while true do end end, function() while true do end end)",
            "coroutine.wrap(function() while true do end end)()",
            "while true do coroutine.resume(coroutine.create(function() while true do end end)) end",
            "while true do coroutine.wrap(function() for i = 1, 900 do end end)() end",
            "local c = coroutine.create(function() while true do coroutine.yield() end end) "
                + "while true do coroutine.resume(c) end",
            "pcall(coroutine.wrap(function() local x <close> = setmetatable({}, {__close = "
                + "function() while true do end end}) "
                + "while true do end end)) while true do end",
            "string.rep('', 1 << 40)",
            "table.move({}, 1, math.maxinteger - 1, 2)",
            "local t = {} for i = 1, 1e5 do table.insert(t, 1, i) end",
            "while true do collectgarbage() end",
            "local t = setmetatable({}, {__index = function(t, k) return t[k + 1] end}) "
                + "while true do pcall(function() return t[1] end) end",
            "string.gsub(string.rep('a', 1000), 'a', function() while true do end end)",
            "table.sort({1, 2, 3}, function() while true do end end)",
            "require('coroutine').wrap(function() "
                + "error(setmetatable({}, {__tostring = function() while true do end end})) end)()",
            "error(setmetatable({}, {__tostring = function() while true do end end}))",
        ])
    func endless(_ body: String) throws {
        let error = try lua.failure("function main() \(body) end", budget)
        #expect(error.kind == .budget || body.contains("__tostring"))
        #expect(error.message.contains("(--proxy-lua-max-instructions)") || body.contains("__tostring"), "\(error)")
        #expect(try lua.answer("function main() return 'alive' end") == "alive")
    }

    @Test("the budget's error says where the script was")
    func position() throws {
        let error = try lua.failure("function main()\n  while true do end\nend", budget)
        #expect(error.message.hasPrefix("test.lua:2: the script used up its 200000 instructions in one call"))
        #expect(error.traceback.contains("test.lua:2"))
    }

    @Test("a coroutine from an earlier call is watched, too")
    func oldCoroutine() throws {
        let environment = try lua.makeEnvironment()
        let script =
            "c = coroutine.wrap(function() coroutine.yield() while true do end end) c() function main() c() end"
        try lua.run(try lua.load(script, path: "test.lua"), in: environment)
        let error = try #require(throws: LuaError.self) {
            try lua.withBudget(budget) { try lua.call("main", in: environment) }
        }
        #expect(error.kind == .budget)
    }

    @Test("each call has a whole budget, and pays for what it did")
    func fresh() throws {
        let environment = try lua.makeEnvironment()
        try lua.run(
            try lua.load("function main() for i = 1, 40000 do end return 1 end", path: "test.lua"), in: environment)
        for _ in 0..<20 {
            _ = try lua.withBudget(LuaBudget(instructions: 60_000, memory: 100_000)) {
                try lua.call("main", in: environment)
            }
        }
        #expect((35_000...60_000).contains(lua.instructionsUsed))
    }

    @Test(
        "memory above the ceiling is an error that names the option",
        arguments: [
            "string.rep('x', 1 << 30)", "local s = 'x' while true do s = s .. s end",
            "local t = {} for i = 1, 1e9 do t[i] = i end", "table.concat({string.rep('x', 3e6), string.rep('x', 3e6)})",
            "coroutine.wrap(function() string.rep('x', 1 << 30) end)()",
        ])
    func ceiling(_ body: String) throws {
        let error = try lua.failure(
            "function main() \(body) end", LuaBudget(instructions: 10_000_000, memory: 4_000_000))
        #expect(error.kind == .memory)
        #expect(error.message == "the script wanted more than 4000000 bytes in one call (--proxy-lua-max-memory)")
        lua.collectGarbage()
        #expect(lua.memoryInUse < 1_000_000)
    }

    @Test("appending to a long table and taking from its end cost next to nothing")
    func appending() throws {
        let script = """
            function main()
              local t = {}
              for i = 1, 5000 do table.insert(t, i) end
              for i = 1, 2500 do table.remove(t); table.remove(t, #t) end
              return #t
            end
            """
        #expect(try lua.withBudget(budget) { try lua.answer(script) } == "0")
    }

    @Test("a script may catch the want of memory and go on")
    func caughtMemory() throws {
        let script = "function main() return tostring(pcall(string.rep, 'x', 1 << 30)) end"
        #expect(try lua.withBudget(budget) { try lua.answer(script) } == "false")
    }

    @Test("asking for too much for ever ends with the instructions")
    func memoryLoop() throws {
        let error = try lua.failure("function main() while true do pcall(string.rep, 'x', 1 << 30) end end", budget)
        #expect(error.kind == .budget)
    }

    @Test("pushing values above the ceiling is an error in Swift, and leaks nothing")
    func hostPushes() throws {
        let census = Census()
        lua.collectGarbage()
        try lua.withBudget(LuaBudget(instructions: 1_000_000, memory: 3_000)) {
            try lua.withFrame { frame throws(LuaError) in
                #expect(throws: LuaError.self) { try frame.push([UInt8](repeating: 1, count: 5_000)) }
                #expect(frame.count == 0)
                #expect(throws: LuaError.self) { while true { try frame.push(Account(census)) } }
                #expect(throws: LuaError.self) { while true { try frame.push(function: { _ throws(LuaError) in 0 }) } }
                #expect(throws: LuaError.self) { while true { try frame.pushTable(elements: 100) } }
            }
        }
        lua.collectGarbage()
        #expect(census.alive == 0)
    }

    @Test("a callback charges for its work, and its script can't catch the budget's end")
    func charging() throws {
        var calls = 0
        try lua.define("work") { frame throws(LuaError) in
            calls += 1
            try frame.charge(frame.integer(at: 1) ?? 0)
            return 0
        }
        let error = try lua.failure(
            "function main()\n  while true do pcall(work, 50000) pcall(work, -1) end\nend", budget)
        #expect(error.kind == .budget)
        #expect(error.message.hasPrefix("test.lua:2: the script used up its 200000 instructions"), "\(error)")
        #expect((6...9).contains(calls), "\(calls)")
        #expect(lua.instructionsUsed >= 200_000)
        let direct = try lua.failure("function main()\n\n  work(300000)\nend", budget)
        #expect(direct.message.hasPrefix("test.lua:3: the script used up"), "\(direct)")
        let script = "function main() for i = 1, 9 do work(math.maxinteger) end return 'free' end"
        #expect(try lua.answer(script) == "free", "without a budget nothing is charged")
        #expect(try lua.failure(script, budget).kind == .budget)
    }

    @Test("crossing into Swift and back is charged, for functions and objects")
    func crossings() throws {
        var calls = 0
        try lua.define("touch") { _ throws(LuaError) in
            calls += 1
            return 0
        }
        let account = Account()
        try lua.define("account", account)
        for body in ["touch()", "local n = account.name"] {
            #expect(try lua.failure("function main() while true do \(body) end end", budget).kind == .budget)
        }
        #expect((5_000...12_500).contains(calls) && (2_000...12_500).contains(account.reads), "\(calls)")
    }

    @Test("in a coroutine, too, a charge ends the whole call")
    func chargingInCoroutine() throws {
        try lua.define("work") { frame throws(LuaError) in
            try frame.charge(150_000)
            return 0
        }
        let script = """
            function main()
              local c = coroutine.create(function() work() coroutine.yield() work() end)
              while coroutine.status(c) ~= 'dead' do coroutine.resume(c) end
              return 'caught'
            end
            """
        #expect(try lua.failure(script, budget).kind == .budget)
    }

    @Test("a script that stops the collector gets it back running")
    func collector() throws {
        _ = try lua.withBudget(budget) { try lua.answer("function main() collectgarbage('stop') end") }
        #expect(try lua.answer("function main() return collectgarbage('isrunning') end") == "true")
    }

    @Test("a budget at every size ends in an error or an answer, never in a crash")
    func everySize() throws {
        try lua.define("account", Account())
        let script = """
            function main()
              local t = {}
              for i = 1, 50 do t[i] = account.name .. i; pcall(error, {}) end
              local c = coroutine.wrap(function() for i = 1, 10 do coroutine.yield(table.concat(t, ',')) end end)
              for i = 1, 5 do c() end
              return select(2, account:add(1, 2)) .. string.format('%5d', 3.0)
            end
            """
        let environment = try lua.makeEnvironment()
        try lua.run(try lua.load(script, path: "test.lua"), in: environment)
        var answers = 0
        for size in stride(from: Int64(0), through: 24_000, by: 40) {
            let answer = try? lua.withBudget(LuaBudget(instructions: size, memory: size)) {
                try lua.call("main", in: environment)
            }
            if answer == "sum    3" { answers += 1 }
            #expect(answer == nil || answer == "sum    3")
        }
        #expect(answers > 0)
    }
}
