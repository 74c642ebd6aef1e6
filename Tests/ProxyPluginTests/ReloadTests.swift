import Foundation
import LuaVM
import MySQLWire
import PluginAPI
import TestSupport
import Testing

@testable import ProxyPlugin

@Suite("Reload of a script")
final class ReloadTests {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
        "reload-\(UInt64.random(in: 0 ... .max))")
    let host = FakeHost()

    init() throws { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) }

    deinit { try? FileManager.default.removeItem(at: folder) }

    func write(_ name: String, _ source: String) throws {
        try source.write(to: folder.appendingPathComponent(name), atomically: true, encoding: .utf8)
    }

    func makeSource() throws -> ScriptSource {
        let services = LuaServices(host: host, shared: SharedDictionary(capacity: 1 << 20))
        return ScriptSource(
            try LuaScript(reading: folder.appendingPathComponent("main.lua").path), trial: ScriptTrial(services),
            host: host)
    }

    func makeWorker(_ source: ScriptSource) throws -> LuaProxyWorker {
        let loop = FakeLoop(index: 1)
        return try LuaProxyWorker(
            source: source, limits: LuaLimits(instructions: 100_000, memory: 1 << 20, onError: .pass),
            services: LuaServices(host: host, shared: SharedDictionary(capacity: 1 << 20)), host: host, loop: loop,
            fallback: ProxyWorker(host: host, readOnlyFallback: false, loop: loop))
    }

    /// What connect_server refuses with.
    func greeting(_ worker: LuaProxyWorker, slot: Int) -> String? {
        let session = Session(id: 1, slot: slot, generation: 1, clientAddress: "c:1", listenerAddress: "p:1")
        guard case .refuse(let error) = worker.connect(session) else { return nil }
        return error.message
    }

    static let script = """
        local words = require("words")
        function connect_server()
          proxy.global.count = (proxy.global.count or 0) + 1
          proxy.response = { type = proxy.MYSQLD_PACKET_ERR, errmsg = words.hello .. proxy.global.count }
          return proxy.PROXY_SEND_RESULT
        end
        """

    @Test("a changed module reaches new clients; proxy.global stays")
    func changedModule() throws {
        try write("main.lua", Self.script)
        try write("words.lua", "return { hello = 'hello ' }")
        let source = try makeSource()
        let worker = try makeWorker(source)
        #expect(greeting(worker, slot: 0) == "hello 1")
        source.look()
        #expect(source.generation == 0)
        try write("words.lua", "return { hello = 'good day ' }")
        source.look()
        #expect(source.generation == 1)
        #expect(greeting(worker, slot: 1) == "good day 2")
        #expect(host.logged.contains { $0.contains("main.lua is reloaded") && $0.contains("words.lua has changed") })
    }

    @Test(
        "an unfit version is refused, the running one goes on, and the log says why",
        arguments: [
            ("function f(", "main.lua:1:"), ("error('not today')", "not today"),
            ("require('absent')", "module 'absent' not found"),
            ("function self_test() error('1 of 3 tests failed') end", "1 of 3 tests failed"),
            ("while true do end", "used up its"),
            ("function self_test() return false end", "self_test() returned false"),
        ])
    func unfit(_ text: String, _ reason: String) throws {
        try write("main.lua", Self.script)
        try write("words.lua", "return { hello = 'hello ' }")
        let source = try makeSource()
        let worker = try makeWorker(source)
        _ = greeting(worker, slot: 0)
        try write("main.lua", text)
        source.look()
        #expect(source.generation == 0)
        #expect(host.logged.contains { $0.contains("isn't reloaded") && $0.contains(reason) })
        #expect(greeting(worker, slot: 1) == "hello 2")
        // Said once, not once a second.
        let lines = host.logged.count
        source.look()
        #expect(host.logged.count == lines)
        try write("main.lua", Self.script + "\n-- mended")
        source.look()
        #expect(source.generation == 1)
    }

    @Test("SIGHUP reloads whether a file has changed or not")
    func hangUp() throws {
        try write("main.lua", "function self_test() end")
        let source = try makeSource()
        source.reload()
        #expect(source.generation == 1)
        #expect(host.logged.contains { $0.contains("(SIGHUP)") })
    }

    @Test("the trial at the start leaves no traces and refuses what fails its test")
    func trial() throws {
        let shared = SharedDictionary(capacity: 1 << 20)
        let trial = ScriptTrial(LuaServices(host: host, shared: shared))
        try write(
            "main.lua",
            "proxy.shared.set('seen', 1) function self_test() assert(proxy.connection.client.src.name == '127.0.0.1:0') end"
        )
        try trial.run(try LuaScript(reading: folder.appendingPathComponent("main.lua").path))
        #expect(shared.keys(prefix: [], now: FakeLoop().now).isEmpty)
    }
}
