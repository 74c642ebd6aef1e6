import Foundation
import LuaVM
import Testing

@Suite("A version of a script and its modules")
final class VersionTests {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("lua-\(UInt64.random(in: 0 ... .max))")
    let lua: LuaState

    init() throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        lua = try LuaState(LuaSettings(path: LuaSearchPath(folders: [folder.path])))
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    func write(_ name: String, _ source: String) throws {
        try source.write(to: folder.appendingPathComponent(name), atomically: true, encoding: .utf8)
    }

    func environment(_ version: LuaVersion, _ source: String) throws -> LuaReference {
        let environment = try lua.makeEnvironment(of: version)
        try lua.run(try lua.load(source, path: "main.lua"), in: environment)
        return environment
    }

    @Test("its modules are loaded once, and again by the next version; the old one keeps its own")
    func modules() throws {
        try write(
            "counter.lua",
            "loads = (loads or 0) + 1 local M = { n = 0 } function M.next() M.n = M.n + 1 return M.n end return M")
        let source = "local c = require('counter') function main() return c.next() .. '/' .. loads end"
        let old = try lua.makeVersion()
        let first = try environment(old, source)
        let second = try environment(old, source)
        #expect(try lua.call("main", in: first) == "1/1")
        #expect(try lua.call("main", in: second) == "2/1")
        try write("counter.lua", "loads = 'new' return { next = function() return 'x' end }")
        let third = try environment(try lua.makeVersion(), source)
        #expect(try lua.call("main", in: third) == "x/new")
        #expect(try lua.call("main", in: first) == "3/1")
    }

    @Test("hears of every file that it opens")
    func opened() throws {
        try write("a.lua", "return require('b')")
        try write("b.lua", "return dofile('\(folder.path)/c.lua')")
        try write("c.lua", "return 'end'")
        var files: [String] = []
        let version = try lua.makeVersion(opened: { files.append($0) })
        #expect(
            try lua.call("main", in: try environment(version, "local a = require('a') function main() return a end"))
                == "end")
        #expect(files == ["a", "b", "c"].map { "\(folder.path)/\($0).lua" })
    }

    @Test(
        "globals of a module are the version's, whichever way they are written",
        arguments: [
            "shared = 1", "_G.shared = 1", "load('shared = 1')()", "loadstring('shared = 1')()",
            "setfenv(function() shared = 1 end, getfenv(0))()", "package.loaded._G.shared = 1",
        ])
    func globals(_ body: String) throws {
        try write("m.lua", body)
        let one = try lua.makeVersion()
        let two = try lua.makeVersion()
        let first = try environment(one, "require('m') function main() return tostring(shared) end")
        let other = try environment(one, "function main() return tostring(shared) end")
        let later = try environment(two, "function main() return tostring(shared) end")
        #expect(try lua.call("main", in: first) == "1")
        #expect(try lua.call("main", in: other) == "1")
        #expect(try lua.call("main", in: later) == "nil")
    }

    @Test("module() of Lua 5.1 works in a version, with seeall")
    func oldModules() throws {
        try write("old.lua", "module('old', package.seeall) function twice(x) return tostring(x * 2) end")
        let first = try environment(
            try lua.makeVersion(), "require('old') function main() return old.twice(4) .. package.loaded.old._NAME end")
        #expect(try lua.call("main", in: first) == "8old")
        #expect(try lua.answer("function main() return tostring(old) end") == "nil")
    }

    @Test("a missing module's error names all the places; a broken one its line")
    func failures() throws {
        try write("broken.lua", "return return")
        let version = try lua.makeVersion()
        let missing = try #require(throws: LuaError.self) { try environment(version, "require('absent')") }
        #expect(missing.message.contains("main.lua:1: module 'absent' not found"))
        #expect(missing.message.contains("no file '\(folder.path)/absent.lua'"))
        #expect(missing.message.contains("no field package.preload['absent']"))
        let broken = try #require(throws: LuaError.self) { try environment(version, "require('broken')") }
        #expect(broken.message.contains("broken.lua:1:"))
    }

    @Test("a script may change where modules are looked for, for itself")
    func paths() throws {
        try FileManager.default.createDirectory(
            at: folder.appendingPathComponent("more"), withIntermediateDirectories: true)
        try write("more/extra.lua", "return 'found'")
        let source =
            "package.path = package.path .. ';\(folder.path)/more/?.lua' local e = require('extra') function main() return e end"
        #expect(try lua.call("main", in: try environment(try lua.makeVersion(), source)) == "found")
        #expect(throws: LuaError.self) { try environment(try lua.makeVersion(), "require('extra')") }
    }

    @Test("a version that nobody uses any more is collected")
    func collected() throws {
        try write("big.lua", "return { text = string.rep('x', 1000000) }")
        func round() throws -> Int {
            _ = try environment(try lua.makeVersion(), "local b = require('big') function main() return b end")
            return lua.collectGarbage()
        }
        let before = try round()
        for _ in 0..<20 { _ = try round() }
        #expect(try round() < before + 500_000)
    }
}
