import LuaVM
import Testing

@Suite struct ObjectTests {
    let lua: LuaState
    let account = Account()

    init() throws {
        lua = try LuaState()
        try lua.define("account", account)
    }

    @Test(
        "fields, keys, methods, length and text",
        arguments: [
            ("account.name", "ada"), ("account[21]", "42"), ("account.unknown", "nil"), ("#account", "3"),
            ("tostring(account)", "account of ada"), ("select(2, account:add(1, 2))", "sum"),
            ("(account:add(1, 2))", "3"),
            ("type(account)", "userdata"), ("getmetatable(account)", "account"), ("account == account", "true"),
        ])
    func reading(_ expression: String, _ expected: String) throws {
        #expect(try lua.answer("function main() return \(expression) end") == expected)
    }

    @Test("a field is computed when it is read, and only then")
    func laziness() throws {
        _ = try lua.answer("function main() local a = account return #a end")
        #expect(account.reads == 0)
        _ = try lua.answer("function main() return account.name .. account.name end")
        #expect(account.reads == 2)
    }

    @Test("a field is written, bytes and all")
    func writing() throws {
        _ = try lua.answer("function main() account.name = 'a\\0\\255' end")
        #expect(account.name == [97, 0, 255])
    }

    @Test(
        "errors of an object name the script's line",
        arguments: [
            ("return account.balance", "test.lua:1: the balance is secret"),
            ("account.name = {}", "test.lua:1: account.name takes a string, got a table"),
            ("account.balance = 1", "test.lua:1: account.balance is not writable"),
            ("account.other = 1", "test.lua:1: account.other is not writable"),
            ("account:fail()", "test.lua:1: no"),
            ("account:add('x')", "test.lua:1: add takes two integers"),
            ("account.add(1, 2)", "test.lua:1: call it with a colon, as object:add(...)"),
            ("account.add(io.stdout)", "test.lua:1: call it with a colon, as object:add(...)"),
            ("account()", "test.lua:1: attempt to call a account value (global 'account')"),
            (
                "debug.getmetatable(account).__index(io.stdout, 'name')",
                "test.lua:1: bad object (a userdata, or one whose Lua state is being closed)"
            ),
            ("setmetatable({}, {__gc = print})", ""), ("debug.sethook()", ""),
        ])
    func errors(_ statement: String, _ message: String) throws {
        let error = try lua.failure("function main() \(statement) end")
        #expect(message.isEmpty || error.message == message)
    }

    @Test("the same object pushed twice is equal, and comes back as itself")
    func identity() throws {
        try lua.define("again", account)
        #expect(try lua.answer("function main() return again == account end") == "true")
        try lua.withFrame { frame throws(LuaError) in
            try frame.push(account)
            #expect(frame.object(at: 1, as: Account.self) === account)
            try frame.pushGlobals()
            #expect(frame.object(at: 2, as: Account.self) == nil)
        }
    }

    @Test("Lua keeps an object until it collects it, at the latest when the state closes")
    func release() throws {
        let census = Census()
        var state: LuaState? = try LuaState()
        try state?.define("kept", Account(census))
        for _ in 0..<1000 { try state?.define("passing", Account(census)) }
        state?.collectGarbage()
        #expect(census.alive == 2)
        state = nil
        #expect(census.alive == 0)
    }

    @Test("an object that holds references is collected without harm")
    func holdsReferences() throws {
        final class Holder: LuaObject {
            let held: LuaReference
            init(_ held: LuaReference) { self.held = held }
        }
        for _ in 0..<2000 { try lua.define("holder", Holder(try lua.makeEnvironment())) }
        _ = try lua.answer("function main() for i = 1, 1e5 do local t = {i} end end")
        #expect(lua.collectGarbage() < 1_000_000)
    }
}
