import PluginAPI
import Synchronization
import TestSupport
import Testing

@Suite("A plugin's workers by loop")
struct LoopTableTests {
    private final class Clerk: PluginWorker {
        let name: String

        init(_ name: String) { self.name = name }
    }

    private let table = LoopTable<Clerk>(count: 3)
    private let loops = [FakeLoop(index: 0), FakeLoop(index: 2)]

    init() {
        for loop in loops { table.enter(Clerk("clerk \(loop.index)"), on: loop) }
    }

    /// Who has done the job that `post` hands out, before and after the loops took their mail.
    private func done(_ post: (@escaping @Sendable (Clerk) -> Void) -> Void) -> (before: [String], after: [String]) {
        let log = Log()
        post { worker in log.names.withLock { $0.append(worker.name) } }
        let before = log.names.withLock { $0 }
        for loop in loops { loop.takeMail() }
        return (before, log.names.withLock { $0 })
    }

    private final class Log: Sendable {
        let names = Mutex<[String]>([])
    }

    @Test("a job waits in its loop's mailbox, and runs with that loop's worker")
    func one() {
        let (before, after) = done { table.post(to: 2, $0) }
        #expect(before.isEmpty)
        #expect(after == ["clerk 2"])
    }

    @Test("a job for all runs once with every worker that there is")
    func all() {
        var count = 0
        let (before, after) = done { count = table.post($0) }
        #expect(before.isEmpty)
        #expect(after == ["clerk 0", "clerk 2"])
        #expect(count == 2)
    }

    @Test("loops that have not begun, and all of them once the table is cleared, hear of nothing")
    func nobody() {
        #expect(done { table.post(to: 1, $0) }.after.isEmpty)
        table.clear()
        #expect(table.count == 3)
        #expect(done { table.post(to: 2, $0) }.after.isEmpty)
        #expect(done { table.post($0) }.after.isEmpty)
    }
}
