import LuaVM
import Testing

@Suite("A call of a session's function")
struct HookTests {
    let lua: LuaState
    let scope: LuaScope
    let budget = LuaBudget(instructions: 1_000_000, memory: 8_000_000)

    init() throws {
        lua = try LuaState()
        // What proxies do: a shared table `host` whose missing fields are the session's.
        let switchboard = try lua.withFrame { frame throws(LuaError) in
            try frame.pushGlobals()
            try frame.pushTable()
            try frame.popIntoField("host", of: 1)
            try frame.pushField("setmetatable", of: 1)
            try frame.pushField("host", of: 1)
            try frame.pushTable()
            let kept = try frame.popReference()
            try frame.push(kept)
            try frame.call(arguments: 2, results: 0)
            return kept
        }
        scope = LuaScope(own: try lua.table(), switchboard: switchboard)
    }

    func run(_ source: String) throws {
        let environment = try lua.makeEnvironment()
        try lua.run(try lua.load(source, path: "hook.lua"), in: environment)
        scope.environment = environment
    }

    func call(_ entry: LuaEntry, _ text: [UInt8], asTable: Bool = false) throws -> LuaAnswer {
        try lua.call(entry, in: scope, text: LuaText(text.span), asTable: asTable, budget)
    }

    @Test("answers what was returned first")
    func answers() throws {
        try run(
            """
            function nothing() end
            function text() return "seven" end
            function integer() return 2, 9 end
            function numeric() return "4" end
            function float() return 1.5 end
            number = 5
            """)
        #expect(try lua.call(LuaEntry("nothing"), in: scope, budget) == .none)
        #expect(try lua.call(LuaEntry("text"), in: scope, budget) == .none)
        #expect(try lua.call(LuaEntry("integer"), in: scope, budget) == .integer(2))
        #expect(try lua.call(LuaEntry("numeric"), in: scope, budget) == .integer(4))
        #expect(try lua.call(LuaEntry("float"), in: scope, budget) == .number(1.5))
        #expect(try lua.call(LuaEntry("number"), in: scope, budget) == .absent)
        #expect(try lua.call(LuaEntry("unknown"), in: scope, budget) == .absent)
    }

    @Test("gets its text, or a table with it")
    func texts() throws {
        try run(
            """
            function plain(packet) return #packet + packet:byte() end
            function wrapped(auth) return #auth.packet end
            """)
        #expect(try call(LuaEntry("plain"), [3, 0, 255]) == .integer(6))
        #expect(try call(LuaEntry("wrapped"), Array("abcd".utf8), asTable: true) == .integer(4))
        #expect(try call(LuaEntry("wrapped"), [], asTable: true) == .integer(0))
    }

    @Test("shows the session its own fields, and gives it an empty table where it asked for one")
    func ownFields() throws {
        try run(
            """
            function remember() host.note = (host.note or 0) + 1; host.answer.x = 1; return host.note end
            function fields() local n = 0 for _ in pairs(host.answer) do n = n + 1 end return n end
            """)
        let remember = LuaEntry("remember", fresh: "answer")
        #expect(try lua.call(remember, in: scope, budget) == .integer(1))
        #expect(try lua.call(remember, in: scope, budget) == .integer(2))
        #expect(try lua.call(LuaEntry("fields"), in: scope, budget) == .integer(1))
        #expect(try lua.call(LuaEntry("fields", fresh: "answer"), in: scope, budget) == .integer(0))
        #expect(try lua.answer("function main() return rawget(host, 'note') end") == "nil")
    }

    @Test("fails with a traceback, and leaves the state as it was")
    func failures() throws {
        try run(
            "function bad() local x = nil + 1 end function endless() while true do end end function good() return 1 end"
        )
        for _ in 0..<500 {
            let error = try #require(throws: LuaError.self) { try lua.call(LuaEntry("bad"), in: scope, budget) }
            #expect(error.message.hasPrefix("hook.lua:1: attempt to perform arithmetic"))
            #expect(error.traceback.contains("<hook.lua:1>"))
        }
        let endless = try #require(throws: LuaError.self) { try lua.call(LuaEntry("endless"), in: scope, budget) }
        #expect(endless.kind == .budget)
        #expect(try lua.call(LuaEntry("good"), in: scope, budget) == .integer(1))
    }

    @Test("an object is made only for a function that is there")
    func objects() throws {
        try run("function main(account) return #account.name end")
        let census = Census()
        #expect(try lua.call(LuaEntry("main"), in: scope, object: { Account(census) }, budget) == .integer(3))
        #expect(try lua.call(LuaEntry("none"), in: scope, object: { Account(census) }, budget) == .absent)
        lua.collectGarbage()
        #expect(census.alive == 0)
    }
}

extension LuaState {
    fileprivate func table() throws(LuaError) -> LuaReference {
        try withFrame { frame throws(LuaError) in
            try frame.pushTable()
            return try frame.popReference()
        }
    }
}
