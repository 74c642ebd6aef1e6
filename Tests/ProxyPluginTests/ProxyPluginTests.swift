import ArgumentParser
import PluginAPI
import Pooling
import TestSupport
import Testing

@testable import ProxyPlugin

@Suite("The proxy plugin's options")
struct ProxyPluginTests {
    private func started(_ arguments: [String], offeredBackend: Endpoint? = nil) throws -> FakeHost {
        let host = FakeHost(offeredBackend: offeredBackend)
        let plugin = try ProxyPlugin(options: ProxyOptions.parse(arguments), host: host)
        try plugin.start()
        return host
    }

    @Test("backends come in lists and again and again, read/write ones first")
    func backends() throws {
        let host = try started([
            "-r", "r:1", "--proxy-backend-addresses=a:1, b", "--proxy-backend-addresses=/c.sock",
        ])
        #expect(host.backends.all.map(\.endpoint.description) == ["a:1", "b:3306", "/c.sock", "r:1"])
        #expect(host.backends.all.map(\.role) == [.readWrite, .readWrite, .readWrite, .readOnly])
    }

    @Test("without a backend the offered one serves, or this machine's")
    func defaults() throws {
        let offer = Endpoint.tcp(host: "127.0.0.1", port: 4042)
        #expect(try started([], offeredBackend: offer).backends.all.map(\.endpoint) == [offer])
        #expect(try started([]).backends.all.map(\.endpoint) == [.tcp(host: "127.0.0.1", port: 3306)])
        #expect(try started(["-r", "r:1"], offeredBackend: offer).backends.all.map(\.role) == [.readOnly])
    }

    @Test("it listens on every address, on 4040 without one, and nowhere with --no-proxy")
    func listening() throws {
        #expect(
            try started(["-P", "127.0.0.1", "-P", "/p.sock"]).listeners.map(\.description) == [
                "127.0.0.1:4040", "/p.sock",
            ])
        #expect(try started([]).listeners == [.tcp(host: "", port: 4040)])
        let silent = try started(["--no-proxy"])
        #expect(silent.listeners.isEmpty && silent.backends.all.isEmpty)
    }

    @Test("a backend given twice is refused")
    func twice() {
        #expect(throws: DuplicateBackend.self) { try started(["-b", "a:1", "-b", "b:1,a:1"]) }
    }

    @Test("a bad address is refused with its option")
    func badAddress() {
        #expect {
            try started(["-b", "a:x"])
        } throws: { "\($0)".hasPrefix("--proxy-backend-addresses: 'a:x'") }
    }

    @Test(
        "a wait must be a number of seconds above 0", arguments: ["0", "-1", "inf", "nan"],
        ["connect", "login", "read", "write"])
    func waits(value: String, name: String) {
        #expect(throws: (any Error).self) { try ProxyOptions.parse(["--proxy-\(name)-timeout=\(value)"]) }
    }
}
