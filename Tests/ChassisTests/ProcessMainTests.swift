import Glibc
import Pooling
import Testing

@testable import Chassis

/// A runtime that notes what is asked of it, and sends the process the signals that its script names.
private final class ScriptedRuntime: Runtime {
    private(set) var calls: [String] = []
    private var signals: [Int32]
    private var ended: (@Sendable () -> Void)?

    /// - Parameter signals: the first is sent at the start, each further one in answer to the one before.
    init(signals: [Int32]) { self.signals = signals }

    func openPorts() throws { calls.append("openPorts") }

    func start(ended: @escaping @Sendable () -> Void) throws {
        calls.append("start")
        self.ended = ended
        sendNext()
    }

    func hangUp() {}

    func report() {
        calls.append("report")
        sendNext()
    }

    func drain(timeout: TimeSpan) {
        calls.append("drain \(timeout.seconds)")
        if !sendNext() { ended?() }
    }

    func endAtOnce() {
        calls.append("endAtOnce")
        ended?()
    }

    func join() { calls.append("join") }

    @discardableResult
    private func sendNext() -> Bool {
        guard !signals.isEmpty else { return false }
        pthread_kill(pthread_self(), signals.removeFirst())
        return true
    }
}

/// A runtime whose port is taken.
private final class FailingRuntime: Runtime {
    func openPorts() throws { throw ConfigurationError("port 4040 is in use") }
    func start(ended: @escaping @Sendable () -> Void) throws {}
    func hangUp() {}
    func report() {}
    func drain(timeout: TimeSpan) {}
    func endAtOnce() {}
    func join() {}
}

@Suite("The worker's life")
struct ProcessMainTests {
    let folder = ScratchFolder()

    private func run(_ runtime: any Runtime, _ words: String...) throws -> Int32 {
        let files = ["--plugins=", "--log-file=\(folder.path)/log", "--pid-file=\(folder.path)/pid"]
        guard case .run(let configuration) = try invoke(files + words) else { return -1 }
        let log = try ProcessLog(options: configuration.main)
        return Worker(configuration, log: log, reports: []).run { _, _ in runtime }
    }

    @Test("a signal drains, the exit code is 0, the pid file goes", arguments: [SIGTERM, SIGINT])
    func draining(_ signal: Int32) throws {
        let runtime = ScriptedRuntime(signals: [signal])
        #expect(try run(runtime, "--shutdown-timeout=7") == 0)
        #expect(runtime.calls == ["openPorts", "start", "drain 7.0", "join"])
        #expect(folder.names == ["log"])
    }

    @Test("a second signal ends at once")
    func endingAtOnce() throws {
        let runtime = ScriptedRuntime(signals: [SIGTERM, SIGINT])
        #expect(try run(runtime) == 0)
        #expect(runtime.calls == ["openPorts", "start", "drain 30.0", "endAtOnce", "join"])
        #expect(try #require(folder.read("log")).contains("second signal"))
    }

    @Test("SIGUSR1 asks for reports, as often as it comes, and ends nothing")
    func reporting() throws {
        let runtime = ScriptedRuntime(signals: [SIGUSR1, SIGUSR1, SIGTERM, SIGUSR1, SIGINT])
        #expect(try run(runtime) == 0)
        #expect(
            runtime.calls == [
                "openPorts", "start", "report", "report", "drain 30.0", "report", "endAtOnce", "join",
            ])
    }

    @Test("a port that can't be opened ends with exit code 1, the reason in the log, and no pid file")
    func failing() throws {
        #expect(try run(FailingRuntime(), "--verbose-shutdown", "--log-level=critical") == 1)
        let log = try #require(folder.read("log"))
        #expect(log.contains("(error) port 4040 is in use"))
        #expect(log.contains("(critical) millrace ends with exit code 1"))
        #expect(folder.names == ["log"])
    }

    @Test("help and a bad command line need no runtime")
    func answers() {
        let unneeded: RuntimeFactory = { _, _ in throw ConfigurationError("not needed") }
        #expect(Millrace.main(registry: PluginRegistry(), arguments: ["--version"], makeRuntime: unneeded) == 0)
        #expect(Millrace.main(registry: PluginRegistry(), arguments: ["--bogus"], makeRuntime: unneeded) == 1)
    }
}
