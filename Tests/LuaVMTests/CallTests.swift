import LuaVM
import Testing

@Suite struct CallTests {
    let lua: LuaState

    init() throws { lua = try LuaState() }

    @Test("a global function gets its argument and answers")
    func call() throws {
        #expect(try lua.answer("function main(a) return a:upper() end", arguments: ["select"]) == "SELECT")
    }

    @Test("an error names file and line, and carries a traceback")
    func runtimeError() throws {
        let error = try lua.failure("local function inner()\n  error('boom')\nend\nfunction main() inner() end")
        #expect(error.kind == .runtime)
        #expect(error.message == "test.lua:2: boom")
        #expect(error.traceback.contains("test.lua:2: in") && error.traceback.contains("test.lua:4"))
    }

    @Test("a syntax error names file and line")
    func syntaxError() throws {
        let error = try lua.failure("\n\nfunction main( return end")
        #expect(error.kind == .syntax)
        #expect(error.message.hasPrefix("test.lua:3: "))
    }

    @Test(
        "errors that are no texts are described",
        arguments: [
            ("error({})", "(the error is a table, not a text)"), ("error()", "(the error is a nil, not a text)"),
            ("error(setmetatable({}, {__tostring = function() return 'mine' end}))", "mine"),
            ("error(setmetatable({}, {__tostring = function() error('again') end}))", ""),
        ])
    func oddErrors(_ statement: String, _ message: String) throws {
        let error = try lua.failure("function main() \(statement) end")
        #expect(message.isEmpty || error.message == message)
    }

    @Test("what a Swift function throws is raised with the calling line, and pcall catches it")
    func swiftErrors() throws {
        try lua.define("refuse") { frame throws(LuaError) in throw LuaError("no \(frame.description(at: 1))") }
        let error = try lua.failure("function main()\n  refuse('entry')\nend")
        #expect(error.message == "test.lua:2: no entry")
        #expect(error.kind == .runtime)
        #expect(
            try lua.answer("function main() local ok, m = pcall(refuse, 1) return tostring(ok) .. m end") == "falseno 1"
        )
    }

    @Test("a Swift function knows the line that calls it, through pcall, too, and none where nobody does")
    func position() throws {
        var lines: [String] = []
        try lua.define("here") { frame throws(LuaError) in
            lines.append(frame.callerPosition())
            return 0
        }
        _ = try lua.answer("function main()\n  here()\n  pcall(here)\n  coroutine.wrap(here)()\nend")
        #expect(lines == ["test.lua:2: ", "test.lua:3: ", ""])
        try lua.withFrame { frame throws(LuaError) in
            try frame.pushGlobals()
            try frame.pushField("here", of: 1)
            try frame.call(arguments: 0, results: 0)
        }
        #expect(lines.last == "")
        let path = String(repeating: "long/", count: 60) + "name.lua"
        _ = try lua.answer("function main() here() end", path: path)
        #expect(lines.last?.hasPrefix("...") == true && lines.last?.hasSuffix("name.lua:1: ") == true)
    }

    @Test("an error passes through Swift and back with its first position")
    func nested() throws {
        try lua.define("apply") { frame throws(LuaError) in
            try frame.call(arguments: 0, results: 1)
            return 1
        }
        let error = try lua.failure("function main()\n  apply(function()\n error('deep') end)\nend")
        #expect(error.message == "test.lua:3: deep")
    }

    @Test("a callback that miscounts its results gives those that there are")
    func miscounted() throws {
        for wrong in [-7, 5, Int.max] {
            try lua.define("wrong") { frame throws(LuaError) in
                try frame.push("only")
                return wrong
            }
            let expected = wrong < 0 ? "0" : "1"
            #expect(try lua.answer("function main() return select('#', wrong()) end") == expected)
        }
    }

    @Test("a callback in a coroutine works on that coroutine's stack")
    func coroutineCallback() throws {
        try lua.define("double") { frame throws(LuaError) in
            try frame.push((frame.integer(at: 1) ?? 0) * 2)
            return 1
        }
        try lua.define("nested") { frame throws(LuaError) in
            let state = frame.state
            let text = try state.withFrame { inner throws(LuaError) in
                try inner.push("inner")
                return inner.string(at: 1) ?? ""
            }
            try frame.push(text)
            return 1
        }
        let script = """
            function main()
              local step = coroutine.wrap(function(a) coroutine.yield(double(a)); return nested() end)
              return step(21) .. step()
            end
            """
        #expect(try lua.answer(script) == "42inner")
    }

    @Test(
        "endless recursion is an error",
        arguments: [
            "function main() return 1 + main() end",
            "function main() return pcall(main) and error('x') or main2() end function main2() return (main()) end",
            "function main() local t = setmetatable({}, {}) getmetatable(t).__index = function(t, k) return t[k] end "
                + "return t.x end",
            "function main() local function f() return coroutine.wrap(f)() end return f() end",
            "function main() return apply(main) end",
            "function main() return (string.gsub('a', 'a', main)) end",
            "function main() return load(string.rep('(', 1000))() end",
            "function main() return string.find(string.rep('a', 300000), string.rep('a?', 300000)) end",
        ])
    func recursion(_ script: String) throws {
        try lua.define("apply") { frame throws(LuaError) in
            try frame.call(arguments: 0, results: 1)
            return 1
        }
        _ = try lua.failure(script, LuaBudget(instructions: 5_000_000, memory: 50_000_000))
        #expect(try lua.answer("function main() return 'alive' end") == "alive")
    }

    @Test("functions that Lua no longer holds are released")
    func releases() throws {
        let census = Census()
        for _ in 0..<100 {
            let account = Account(census)
            try lua.define("held") { _ throws(LuaError) in account.reads }
        }
        lua.collectGarbage()
        #expect(census.alive == 1)
    }
}
