import Foundation
import LuaVM
import Testing

@Suite struct CompatibilityTests {
    let lua: LuaState
    let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("luavm-\(UInt64.random(in: 0 ... .max))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        lua = try LuaState(LuaSettings(path: LuaSearchPath(folders: [folder.path])))
    }

    @Test(
        "Lua 5.1's names answer as they did",
        arguments: [
            ("_VERSION", "Lua 5.4"), ("select('#', unpack({1, 2, 3}))", "3"), ("loadstring('return 7')()", "7"),
            ("table.getn({1, 2})", "2"), ("table.maxn({[10] = 1, x = 2})", "10"), ("math.mod(7, 4)", "3"),
            ("math.pow(2, 10)", "1024.0"), ("math.log10(1000)", "3.0"), ("math.ldexp(0.5, 3)", "4.0"),
            ("select(2, math.frexp(8))", "4"), ("(math.frexp(-8))", "-0.5"), ("math.tanh(0)", "0.0"),
            ("string.gfind('a1', '%d')()", "1"), ("package.loaders == package.searchers", "true"),
            ("table.foreachi({5, 6}, function(i, v) if v == 6 then return i end end)", "2"),
            ("table.foreach({a = 5}, function(k) return k end)", "a"), ("string.format('%d', 3.0)", "3"),
            ("tostring(3.0)", "3.0"), ("3 / 1", "3.0"), ("type(gcinfo())", "number"),
            ("getfenv(print) == _G", "true"), ("(load(function() return nil end)) ~= nil", "true"),
            ("load('return x', 'c', 't', {x = 5})()", "5"),
            ("select(2, loadstring('x ='))", "[string \"x =\"]:1: unexpected symbol near <eof>"),
            ("select(2, load(string.dump(function() end)))", nil),
        ])
    func names(_ expression: String, _ expected: String?) throws {
        let answer = try lua.answer("function main() return (\(expression)) end")
        if let expected { #expect(answer == expected) } else { #expect(answer.contains("precompiled")) }
    }

    @Test("setfenv changes one function's globals, or the caller's")
    func environments() throws {
        let script = """
            local function get() return value end
            local function other() return value end
            function main()
              value = 'mine'
              setfenv(get, {value = 'theirs'})
              local function level() setfenv(1, {value = 'own', getfenv = getfenv}) return value, getfenv(1).value end
              local a, b = level()
              return get() .. ' ' .. other() .. ' ' .. a .. ' ' .. b .. ' ' .. getfenv(get).value
            end
            """
        #expect(try lua.answer(script) == "theirs mine own own theirs")
    }

    @Test("module and package.seeall make a module that require finds")
    func modules() throws {
        let source = "module('shop.cart', package.seeall)\nfunction total() return tostring(count or 0) end\ncount = 3"
        try FileManager.default.createDirectory(
            at: folder.appendingPathComponent("shop"), withIntermediateDirectories: true)
        try Data(source.utf8).write(to: folder.appendingPathComponent("shop/cart.lua"))
        let script = """
            local cart = require('shop.cart')
            function main()
              return cart.total() .. _G.shop.cart._NAME .. cart._PACKAGE .. tostring(rawget(_G, 'total'))
                .. tostring(require('shop.cart') == cart)
            end
            """
        #expect(try lua.answer(script) == "3shop.cartshop.niltrue")
    }

    @Test(
        "escapes that 5.4 doesn't know are read as 5.1 did, wherever they stand",
        arguments: [
            (#"'a\.b\-c'"#, "a.b-c"), (#""\d\x41\x4\u""#, "dAx4u"), (#"'\65\066\n' .. "\"\'\.""#, "AB\n\"'."),
            (#"[[\.]] .. '\.' --[[ '\q' ]] -- '\q"#, #"\.."#), (#"[==[ ]] '\. ]==] .. '\.'"#, #" ]] '\. ."#),
            ("'\\\n\\.'", "\n."), (#"'\z  x\.'"#, "x."),
        ])
    func escapes(_ literal: String, _ expected: String) throws {
        #expect(try lua.answer("function main()\nreturn \(literal)\nend") == expected)
    }

    @Test("lines keep their numbers where escapes were repaired, and other errors stay")
    func escapeLines() throws {
        #expect(try lua.failure("local a = '\\.\\\n'\nfunction main() error('here') end").message == "test.lua:3: here")
        let error = try lua.failure("local a = '\\.'\nlocal b = '\\999'")
        #expect(error.kind == .syntax && error.message.hasPrefix("test.lua:2: decimal escape too large"))
        #expect(try lua.failure("local a = '\\.\nx").message.hasPrefix("test.lua:1: unfinished string"))
    }

    @Test("files that scripts load are repaired and named, too")
    func files() throws {
        let path = folder.appendingPathComponent("old.lua").path
        try Data("#!shebang\nlocal p = '\\.'\nreturn p .. error('in old')".utf8).write(to: URL(fileURLWithPath: path))
        for call in ["dofile(file)", "loadfile(file)()", "require('old')"] {
            let error = try lua.failure("file = '\(path)' function main() return \(call) end")
            #expect(error.message == "\(path):3: in old")
        }
        #expect(
            try lua.answer("function main() return select(2, loadfile('/nonexistent.lua')) end").hasPrefix(
                "cannot open /nonexistent.lua"))
        #expect(
            try lua.failure("function main() require('missing') end").message.contains("module 'missing' not found"))
    }

    @Test("random damage to a source never crashes the loader")
    func damagedSources() throws {
        var random = SystemRandomNumberGenerator()
        let pieces = [
            "\\", "'", "\"", "[[", "]]", "[=[", "--", "\n", "\\.", "\\x", "\\u", "\\z", "a", "\0", "]=]", "\\1",
        ]
        for _ in 0..<3_000 {
            let source = (0..<Int.random(in: 0..<20, using: &random))
                .map { _ in pieces.randomElement(using: &random) ?? "" }.joined()
            _ = try? lua.load("return '\\." + source, path: "test.lua")
        }
    }
}
