import EventLoop
import PluginAPI
import Pooling
import Synchronization
import TestSupport
import Testing

@testable import Chassis

@Suite("What plugins have open when a loop drains")
struct DrainHookTests {
    /// A worker with a stream of its own, as the funnel's connections are.
    private final class Holder: DrainHook, ConnectHook {
        private let loop: any LoopContext
        private let keeper = StreamHandler()
        private(set) var stream: ByteStream?
        private(set) var told = 0

        init(_ loop: any LoopContext) {
            self.loop = loop
        }

        func open(_ endpoint: Endpoint) {
            stream = loop.connect(to: endpoint, timeout: .seconds(1), handler: keeper, tag: 0)
        }

        func connect(_ session: Session) -> ConnectVerdict { .next }

        func sessionsEnded() {
            told += 1
            // As a server is waited for that has to hear of the end.
            loop.schedule(at: loop.now + .milliseconds(200)) { [self] in stream?.close() }
        }
    }

    private final class HolderPlugin: Plugin {
        static let name = "holder"
        static let summary = "Holds a stream."
        let made = Mutex<[ObjectIdentifier]>([])
        nonisolated(unsafe) var holder: Holder?

        init() {}
        convenience init(options: Int, host: any PluginHost) throws { self.init() }
        func start() throws {}
        func stop() {}

        func makeWorker(on loop: any LoopContext) -> (any PluginWorker)? {
            holder = Holder(loop)
            return holder
        }
    }

    @Test("it is told once, and the loop is empty only when what it closes is closed")
    func drains() throws {
        let loop = SimulatedLoop(seed: 3)
        let peer = Endpoint.tcp(host: "server", port: 3306)
        let server = StreamHandler()
        loop.listen(on: peer) { _ in server }
        var emptyAt: MonotonicTime?
        let runtime = LoopRuntime(
            loop: loop, log: ProcessLog(sink: .standardError(), level: .error, format: .text),
            numbers: SessionNumbers(), shortages: ShortageWarning { _, _ in }
        ) { emptyAt = loop.now }
        let plugin = HolderPlugin()
        runtime.begin(plugins: [plugin], listeners: [])
        let holder = try #require(plugin.holder)
        holder.open(peer)
        while loop.turn() {}
        let begun = loop.now
        #expect(holder.told == 0)
        runtime.drain()
        runtime.drain()
        #expect(holder.told == 1)
        #expect(emptyAt == nil)
        var turns = 0
        while emptyAt == nil, turns < 1000, loop.turn() { turns += 1 }
        #expect(holder.told == 1)
        let span = try #require(emptyAt).since(begun)
        #expect(span >= .milliseconds(200))
        #expect(span < .milliseconds(300))
    }
}
