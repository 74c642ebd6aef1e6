import PluginAPI
import Pooling
import TestSupport
import Testing

@testable import ProxyPlugin

@Suite("The watch over failed backends")
struct BackendMonitorTests {
    private let host = FakeHost()
    private let loop = FakeLoop()

    private func watchedBackend() throws -> (Backend, BackendMonitor) {
        try host.backends.add(.tcp(host: "a", port: 1), role: .readWrite)
        let monitor = BackendMonitor(host: host, loop: loop)
        monitor.begin()
        return (try #require(host.backends.all.first), monitor)
    }

    @Test("a backend that is not down is left alone")
    func healthy() throws {
        let (backend, monitor) = try watchedBackend()
        backend.state = .up
        loop.pass(.seconds(60))
        withExtendedLifetime(monitor) { #expect(loop.probes.isEmpty) }
    }

    @Test("a failed backend is probed with growing waits, never longer than the longest")
    func waits() throws {
        let (backend, monitor) = try watchedBackend()
        backend.state = .down
        loop.pass(.seconds(60))
        let times = loop.probes.map(\.time)
        let gaps = zip(times.dropFirst(), times).map { $0.since($1) }
        try #require(gaps.count > 5)
        #expect(zip(gaps.dropFirst(), gaps).allSatisfy { $0 >= $1 }, "the waits don't shrink: \(gaps)")
        #expect(gaps[0] < .seconds(2) && gaps[gaps.count - 1] > .seconds(7) && gaps[gaps.count - 1] < .seconds(9))
        withExtendedLifetime(monitor) { #expect(backend.state == .down) }
    }

    @Test("a backend that answers is taken back with a line in the log")
    func comesBack() throws {
        let (backend, monitor) = try watchedBackend()
        backend.state = .down
        loop.pass(.seconds(5))
        loop.isReachable = true
        loop.pass(.seconds(10))
        let probes = loop.probes.count
        #expect(backend.state == .unknown)
        #expect(host.logged.contains { $0.contains("a:1") })
        loop.pass(.seconds(30))
        withExtendedLifetime(monitor) { #expect(loop.probes.count == probes) }
    }

    @Test("only loop 0 watches")
    func oneLoop() throws {
        try host.backends.add(.tcp(host: "a", port: 1), role: .readWrite)
        host.backends.all[0].state = .down
        let other = FakeLoop(index: 1)
        let worker = ProxyWorker(host: host, readOnlyFallback: false, loop: other)
        other.pass(.seconds(60))
        withExtendedLifetime(worker) { #expect(other.probes.isEmpty) }
    }
}
