import LuaVM
import Testing

@Suite("A text of 1 MiB and more acts as a string without a copy")
struct LongPacketTests {
    static let size = 3 << 20
    let lua: LuaState
    let scope: LuaScope
    /// Room for small things only: whoever copies the text is over it.
    let small = LuaBudget(instructions: 10_000_000, memory: 100_000)
    let large = LuaBudget(instructions: 10_000_000, memory: 64_000_000)
    static let bytes: [UInt8] = (0..<size).map { UInt8(97 + $0 % 26) }

    init() throws {
        lua = try LuaState()
        let (own, switchboard) = try lua.withFrame { frame throws(LuaError) in
            try frame.pushTable()
            let own = try frame.popReference()
            try frame.pushTable()
            return (own, try frame.popReference())
        }
        scope = LuaScope(own: own, switchboard: switchboard)
    }

    func answer(_ body: String, _ budget: LuaBudget, isSplit: Bool = false) throws -> LuaAnswer {
        let environment = try lua.makeEnvironment()
        try lua.run(try lua.load("function main(p) \(body) end", path: "long.lua"), in: environment)
        scope.environment = environment
        var text = LuaText(isSplit ? Self.bytes.span.extracting(first: 1_000_003) : Self.bytes.span)
        if isSplit { text.append(Self.bytes.span.extracting(1_000_003...)) }
        return try lua.call(LuaEntry("main"), in: scope, text: text, budget)
    }

    @Test(
        "looking at a part copies that part only",
        arguments: [
            ("return #p", size), ("return p:len()", size), ("return string.len(p)", size),
            ("return p:byte()", 97), ("return p:byte(-1)", 97 + (size - 1) % 26),
            ("return p:byte(1000004)", 97 + 1_000_003 % 26),
            ("return select('#', p:byte(1000000, 1000009))", 10),
            ("return type(p) == 'string' and 1 or 0", 1),
            (
                "return p:sub(1000001, 1000006) == string.char(\((0..<6).map { "\(97 + (1_000_000 + $0) % 26)" }.joined(separator: ","))) and 1 or 0",
                1
            ),
            ("return #p:sub(-5)", 5), ("return #p:sub(5, 2)", 0), ("return #p:sub(\(size))", 1),
            ("return p:byte(\(size + 1)) or -1", -1), ("return p == 'a' and 1 or 0", 0),
        ])
    func parts(_ body: String, _ expected: Int) throws {
        #expect(try answer(body, small) == .integer(Int64(expected)))
        #expect(try answer(body, small, isSplit: true) == .integer(Int64(expected)))
    }

    @Test(
        "every string function takes it, whole where need be",
        arguments: [
            ("return p:find('zab')", 26), ("return #p:upper()", size), ("return #(p .. 'x')", size + 1),
            ("return #('x' .. p)", size + 1), ("return #tostring(p)", size), ("return p:match('()b')", 2),
            ("return #p:gsub('a', '')", size - (size + 25) / 26), ("return #string.format('%s!', p)", size + 1),
            ("return p:rep(1) == p:sub(1) and 1 or 0", 1), ("return p:lower():byte(2)", 98),
            ("return string.unpack('B', p)", 97), ("return p:reverse():byte(-1)", 97),
            ("for c in p:gmatch('..') do return #c end", 2), ("return p == p and 1 or 0", 1),
        ])
    func whole(_ body: String, _ expected: Int) throws {
        #expect(try answer(body, large) == .integer(Int64(expected)))
        #expect(try answer(body, large, isSplit: true) == .integer(Int64(expected)))
    }

    @Test("copying it counts against the memory of the hook")
    func memory() throws {
        let error = try #require(throws: LuaError.self) { try answer("return #p:sub(2)", small) }
        #expect(error.kind == .memory)
    }

    @Test("kept beyond its hook, it is an error that says what to do")
    func kept() throws {
        _ = try answer("_G.kept = p", small)
        let error = try #require(throws: LuaError.self) { try answer("return kept:byte()", small) }
        #expect(error.message.contains("keep tostring(packet)"))
        #expect(try answer("return #kept", small) == .integer(Int64(Self.size)))
        _ = try answer("_G.text = tostring(p)", large)
        #expect(try answer("return text:byte(2)", small) == .integer(98))
    }

    @Test("its metamethods answer others with errors")
    func hostile() throws {
        let body =
            "local m = debug.getmetatable(p) for _, f in pairs(m) do if type(f) == 'function' then pcall(f, 1) end end"
        #expect(try answer("\(body) return 1", large) == .integer(1))
    }
}
