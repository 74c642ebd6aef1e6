import LuaVM
import Testing

@Suite struct RecordTests {
    let lua: LuaState

    init() throws { lua = try LuaState() }

    private func define(_ type: LuaRecordType) throws {
        try lua.define("word") { frame throws(LuaError) in
            let first: [UInt8] = [0x61, 0, 0xFF]
            let empty: [UInt8] = []
            try frame.push(type, -7, first.span.bytes, empty.span.bytes)
            return 1
        }
    }

    @Test("a record is a table with its fields, and nothing else")
    func fields() throws {
        try define(try lua.makeRecordType(name: "word", fields: ["id", "text", "rest"]))
        #expect(
            try lua.answer(
                "function main() local w = word() return w.id .. #w.text .. w.text:byte(3) .. '<' .. w.rest .. '>' end")
                == "-73255<>")
        #expect(
            try lua.answer(
                "function main() local n = {} for k in pairs(word()) do n[#n + 1] = k end table.sort(n) "
                    + "return table.concat(n, ' ') end") == "id rest text")
        #expect(try lua.answer("function main() local w = word() w.id = 1 return w.id + word().id end") == "-6")
        for body in ["return word().name", "word().name = 1"] {
            let error = try lua.failure("function main() \(body) end")
            #expect(error.message == "test.lua:1: a word has id, text, rest, not name")
        }
        #expect(try lua.failure("function main() return word()[1] end").message.hasSuffix("not number"))
        #expect(try lua.answer("function main() return tostring(pcall(setmetatable, word(), {})) end") == "false")
    }

    @Test("a type of another state, or of a closed one, makes nil")
    func foreign() throws {
        var other: LuaState? = try LuaState()
        let type = try #require(try other?.makeRecordType(name: "word", fields: ["id", "text", "rest"]))
        try define(type)
        #expect(try lua.answer("function main() return tostring(word()) end") == "nil")
        other = nil
        #expect(try lua.answer("function main() return tostring(word()) end") == "nil")
        try define(try lua.makeRecordType(name: "word", fields: ["id"]))
        #expect(try lua.answer("function main() return tostring(word()) end") == "nil")
    }

    @Test("records are collected, and want of memory is an error")
    func memory() throws {
        try define(try lua.makeRecordType(name: "word", fields: ["id", "text", "rest"]))
        _ = try lua.answer("function main() for i = 1, 10000 do word() end end")
        lua.collectGarbage()
        #expect(lua.memoryInUse < 200_000)
        let error = try lua.failure(
            "function main() local t = {} while true do t[#t + 1] = word() end end",
            LuaBudget(instructions: 10_000_000, memory: 100_000))
        #expect(error.kind == .memory)
    }
}
