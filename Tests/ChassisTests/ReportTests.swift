import ArgumentParser
import Dispatch
import Glibc
import PluginAPI
import Pooling
import Synchronization
import Testing

@testable import Chassis

/// The lines that a gathering has logged.
private final class Lines: Sendable {
    private let lines = Mutex<[String]>([])

    var all: [String] { lines.withLock { $0 } }

    func gathering(of names: String...) -> ReportGathering {
        ReportGathering(of: names) { [self] level, text in lines.withLock { $0.append("\(level) \(text)") } }
    }
}

@Suite("Reports gathered for SIGUSR1")
struct ReportGatheringTests {
    private let lines = Lines()

    @Test("become one object when the last plugin has told, in the order of the plugins")
    func object() {
        let gathering = lines.gathering(of: "proxy", "funnel", "admin")
        gathering.told(#"{"a":1}"#, by: 2)
        gathering.told(#"{"b":2}"#, by: 1)
        #expect(lines.all == [])
        gathering.told(nil, by: 0)
        #expect(lines.all == [#"message {"funnel":{"b":2},"admin":{"a":1}}"#])
    }

    @Test("who is late is named, and what it tells later ignored")
    func late() {
        let gathering = lines.gathering(of: "proxy", "funnel", "rules")
        gathering.told("1", by: 1)
        gathering.expired()
        gathering.told("2", by: 0)
        gathering.expired()
        #expect(
            lines.all == ["warning SIGUSR1: no report within 2.0 s from proxy, rules", #"message {"funnel":1}"#])
    }

    @Test("a second answer of a plugin changes nothing")
    func twice() {
        let gathering = lines.gathering(of: "proxy", "funnel")
        gathering.told(nil, by: 0)
        gathering.told("1", by: 0)
        #expect(lines.all == [])
        gathering.told("2", by: 1)
        #expect(lines.all == [#"message {"funnel":2}"#])
    }

    @Test("without any report the log says so, and without any plugin too")
    func none() {
        let gathering = lines.gathering(of: "proxy")
        gathering.told(nil, by: 0)
        _ = lines.gathering()
        #expect(lines.all == Array(repeating: "message SIGUSR1: no plugin has a report", count: 2))
    }
}

/// A plugin that tells its report later, from another thread.
private final class TellingPlugin: Plugin {
    struct Options: ParsableArguments {}

    static let name = "telling"
    static let summary = "Tells a report."

    init(options: Options, host: any PluginHost) throws {}
    func start() throws {}
    func makeWorker(on loop: any LoopContext) -> (any PluginWorker)? { nil }
    func stop() {}

    func report(_ completion: @escaping @Sendable (String?) -> Void) {
        // Not a task: the tests that run beside this one may keep all threads of those.
        DispatchQueue.global().async { completion(#"{"told":true}"#) }
    }
}

/// A plugin that never tells.
private final class SilentPlugin: Plugin {
    struct Options: ParsableArguments {}

    static let name = "silent"
    static let summary = "Tells nothing."

    init(options: Options, host: any PluginHost) throws {}
    func start() throws {}
    func makeWorker(on loop: any LoopContext) -> (any PluginWorker)? { nil }
    func stop() {}
    func report(_ completion: @escaping @Sendable (String?) -> Void) {}
}

@Suite("Reports of a running process")
struct ReportRuntimeTests {
    private let folder = ScratchFolder()

    private func log(
        of words: String..., until text: String, patience: TimeSpan
    ) async throws -> String {
        var registry = PluginRegistry()
        registry.register(AlphaPlugin.self)
        registry.register(TellingPlugin.self)
        registry.register(SilentPlugin.self)
        let arguments = words + ["--log-file=\(folder.path)/log", "--event-threads=1"]
        guard
            case .run(let configuration) = try Invocation(
                arguments: arguments, registry: registry, executable: "/opt/bin/millrace")
        else { return "" }
        let runtime = EventRuntime(configuration, log: try ProcessLog(options: configuration.main))
        try runtime.openPorts()
        try runtime.start(ended: {})
        runtime.report(within: patience)
        for _ in 0..<5000 where folder.read("log")?.contains(text) != true {
            try await Task.sleep(for: .milliseconds(20))
        }
        runtime.endAtOnce()
        runtime.join()
        return folder.read("log") ?? ""
    }

    @Test("a plugin that answers later is waited for; one without a report is left out")
    func telling() async throws {
        let log = try await log(of: "--plugins=alpha,telling", until: "telling", patience: .seconds(60))
        #expect(log.hasSuffix(" (message) {\"telling\":{\"told\":true}}\n"))
    }

    @Test("a plugin that does not answer is named after its time, and holds nothing up")
    func silent() async throws {
        let log = try await log(of: "--plugins=silent,telling", until: "told", patience: .seconds(5))
        #expect(log.contains("(warning) SIGUSR1: no report within 5.0 s from silent"))
        #expect(log.hasSuffix(" (message) {\"telling\":{\"told\":true}}\n"))
    }
}
