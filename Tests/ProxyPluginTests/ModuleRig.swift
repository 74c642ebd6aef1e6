import LuaVM
import PluginAPI
import TestSupport
import Testing

@testable import ProxyPlugin

/// A Lua state with mysql-proxy's modules, and what they did to the host.
final class ModuleRig {
    let host = FakeHost()
    let loop = FakeLoop()
    let state: LuaState

    init(isTrial: Bool = false) throws {
        state = try LuaState()
        let services = LuaServices(host: host, shared: SharedDictionary(capacity: 1_000))
        try state.installModules(isTrial ? services.forTrial : services, now: { [loop] in loop.now })
    }

    /// What scripts of these tests find: `show` writes a table's fields in the order of their names.
    private static let prelude = """
        proto, password = require("mysql.proto"), require("mysql.password")
        tokenizer, glib2, posix = require("mysql.tokenizer"), require("glib2"), require("posix")
        function show(value)
          if type(value) ~= "table" then return tostring(value) end
          local keys, texts = {}, {}
          for key in pairs(value) do keys[#keys + 1] = key end
          table.sort(keys)
          for _, key in ipairs(keys) do texts[#texts + 1] = key .. "=" .. show(value[key]) end
          return "{" .. table.concat(texts, " ") .. "}"
        end
        function hex(s) return (s:gsub(".", function(c) return ("%02x"):format(c:byte()) end)) end
        function bytes(s) return (s:gsub("%s", ""):gsub("..", function(x) return string.char(tonumber(x, 16)) end)) end
        """

    /// Runs a function's body, and answers what it returns as `show` writes it.
    @discardableResult
    func run(_ body: String, _ argument: [UInt8] = [], _ budget: LuaBudget? = nil) throws(LuaError) -> String {
        let environment = try state.makeEnvironment()
        let source = "\(Self.prelude) function main(given) \(body) end".replacing("\n", with: " ")
        try state.run(try state.load(source, path: "test.lua"), in: environment)
        guard let budget else { return try call(environment, argument) }
        return try state.withBudget(budget) { () throws(LuaError) in try call(environment, argument) }
    }

    private func call(_ environment: LuaReference, _ argument: [UInt8]) throws(LuaError) -> String {
        try state.withFrame { frame throws(LuaError) in
            try frame.push(environment)
            try frame.pushField("show", of: 1)
            try frame.pushField("main", of: 1)
            try frame.push(argument)
            try frame.call(arguments: 1, results: 1)
            try frame.call(arguments: 1, results: 1)
            return try frame.text(at: frame.count)
        }
    }

    /// An expression's value as `show` writes it, or the error's message.
    func show(_ expression: String) -> String {
        do {
            return try run("return \(expression)")
        } catch {
            return error.message
        }
    }
}

/// Pseudo-random bytes that a seed repeats (xorshift).
struct SeededBytes {
    private var state: UInt64

    init(seed: UInt64) { state = seed | 1 }

    mutating func next() -> UInt8 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return UInt8(truncatingIfNeeded: state >> 24)
    }

    mutating func next(_ count: Int) -> [UInt8] { (0..<count).map { _ in next() } }
}
