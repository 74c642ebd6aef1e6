import LuaVM
import Testing

@Suite struct ValueTests {
    let lua: LuaState

    init() throws { lua = try LuaState() }

    @Test("scalars come back as they went in")
    func scalars() throws {
        try lua.withFrame { frame throws(LuaError) in
            try frame.pushNil()
            try frame.push(true)
            try frame.push(Int64.min)
            try frame.push(0.1)
            try frame.push([UInt8]([0, 255, 10, 0]))
            try frame.push("grün")
            #expect(frame.count == 6)
            #expect(frame.isNil(at: 1) && frame.kind(at: 1) == .nil && frame.kind(at: 7) == .none)
            #expect(frame.isTrue(at: 2) == true)
            #expect(frame.integer(at: 3) == .min && frame.isInteger(at: 3))
            #expect(frame.number(at: 4) == 0.1 && frame.integer(at: 4) == nil)
            #expect(frame.bytes(at: 5) == [0, 255, 10, 0])
            #expect(frame.withBytes(at: 5) { $0.byteCount } == 4)
            #expect(frame.string(at: 6) == "grün")
        }
    }

    @Test("wrong indexes are no values, or errors, never traps")
    func indexes() throws {
        try lua.withFrame { frame throws(LuaError) in
            try frame.push("one")
            for index in [-5, 0, 2, Int.max] {
                #expect(frame.kind(at: index) == .none)
                #expect(frame.bytes(at: index) == nil)
                #expect(frame.object(at: index, as: Account.self) == nil)
                #expect(throws: LuaError.self) { try frame.pushField("x", of: index) }
            }
            frame.pop(100)
            #expect(frame.count == 0)
            #expect(throws: LuaError.self) { try frame.popReference() }
            #expect(throws: LuaError.self) { try frame.call(arguments: 3, results: 0) }
        }
    }

    @Test("tables are read, written and walked")
    func tables() throws {
        try lua.withFrame { frame throws(LuaError) in
            try frame.pushTable(elements: 2, fields: 1)
            for number in 1...3 {
                try frame.push(number * 10)
                try frame.popIntoElement(number, of: 1)
            }
            try frame.push("v")
            try frame.popIntoField("k", of: 1)
            #expect(try frame.length(of: 1) == 3)
            #expect(try frame.pushElement(2, of: 1) == .number)
            #expect(frame.integer(at: 2) == 20)
            #expect(try frame.pushField("k", of: 1) == .string)
            frame.pop(2)
            var seen = 0
            try frame.pushNil()
            while try frame.next(in: 1) {
                seen += 1
                frame.pop()
            }
            #expect(seen == 4 && frame.count == 1)
        }
    }

    @Test("indexing what can't be indexed is an error")
    func notATable() throws {
        try lua.withFrame { frame throws(LuaError) in
            try frame.push(1)
            #expect(throws: LuaError.self) { try frame.pushField("x", of: 1) }
            #expect(throws: LuaError.self) { try frame.length(of: 1) }
            try frame.pushNil()
            #expect(throws: LuaError.self) { try frame.next(in: 1) }
        }
    }

    @Test("a reference keeps its value, and may outlive the state")
    func references() throws {
        var state: LuaState? = try LuaState()
        let reference = try state?.withFrame { frame throws(LuaError) in
            try frame.pushTable()
            try frame.push(7)
            try frame.popIntoField("x", of: 1)
            return try frame.popReference()
        }
        state?.collectGarbage()
        let kept = try #require(reference)
        try state?.withFrame { frame throws(LuaError) in
            try frame.push(kept)
            try frame.pushField("x", of: 1)
            #expect(frame.integer(at: 2) == 7)
        }
        state = nil
        try lua.withFrame { frame throws(LuaError) in
            try frame.push(kept)
            #expect(frame.isNil(at: 1) == true)
        }
    }

    @Test("references that are dropped leave no memory behind")
    func manyReferences() throws {
        func round() throws -> Int {
            for _ in 0..<5_000 { _ = try lua.makeEnvironment() }
            return lua.collectGarbage()
        }
        _ = try round()
        let before = try round()
        #expect(try round() <= before)
    }

    @Test("the stack's end is an error")
    func fullStack() throws {
        let error = try #require(throws: LuaError.self) {
            try lua.withFrame { frame throws(LuaError) in
                for _ in 0..<2_000_000 { try frame.push(1) }
            }
        }
        #expect(error.message.contains("stack overflow"))
        #expect(try lua.answer("function main() return 'alive' end") == "alive")
    }

    @Test("a state counts its blocks, and remembers the most bytes")
    func memoryNumbers() throws {
        let (allocations, frees) = (lua.allocations, lua.frees)
        #expect(allocations > 500 && lua.mostMemory >= lua.memoryInUse)
        _ = try lua.answer("function main() t = {} for i = 1, 100 do t[i] = ('x'):rep(i + 50) end end")
        #expect(lua.allocations >= allocations + 100)
        _ = try lua.answer("function main() return #('x'):rep(1000000) end")
        lua.collectGarbage()
        #expect(lua.frees > frees + 100)
        #expect(lua.mostMemory > 1_000_000 && lua.memoryInUse < 500_000)
    }
}
