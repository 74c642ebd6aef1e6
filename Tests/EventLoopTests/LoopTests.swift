import EventLoop
import Pooling
import Synchronization
import Testing

@Suite("A loop keeps time and takes jobs", .everyBackend, .timeLimit(.minutes(10)))
struct LoopTests {
    @Test("a deadline fires once, not before its time, and is cleared")
    func deadlineFires() async throws {
        let rig = try Rig()
        let fired = Inbox<Bool>()
        let probe = Probe()
        await rig.on { loop in
            let deadline = loop.now + .milliseconds(20)
            probe.onDeadline = { probe, now in fired.put(now >= deadline && probe.deadline == nil) }
            loop.setDeadline(deadline, for: probe)
        }
        #expect(await fired.next() == true)
    }

    @Test("a deadline moved later fires then; one moved earlier fires first; a cleared one never")
    func deadlineMoves() async throws {
        let rig = try Rig()
        let fired = Inbox<String>()
        let (later, earlier, cleared, end) = (Probe(), Probe(), Probe(), Probe())
        later.onDeadline = { _, _ in fired.put("later") }
        earlier.onDeadline = { _, _ in fired.put("earlier") }
        cleared.onDeadline = { _, _ in fired.put("cleared") }
        end.onDeadline = { _, _ in fired.put("end") }
        await rig.on { loop in
            let start = loop.now
            loop.setDeadline(start + .milliseconds(10), for: later)
            loop.setDeadline(start + .milliseconds(60), for: later)
            loop.setDeadline(start + .seconds(3600), for: earlier)
            loop.setDeadline(start + .milliseconds(30), for: earlier)
            loop.setDeadline(start + .milliseconds(40), for: cleared)
            loop.setDeadline(nil, for: cleared)
            loop.setDeadline(start + .milliseconds(80), for: end)
        }
        #expect(await fired.next() == "earlier")
        #expect(await fired.next() == "later")
        #expect(await fired.next() == "end")
    }

    @Test("a handler lives as long as it has a deadline")
    func handlerDies() async throws {
        let rig = try Rig()
        let done = Inbox<Bool>()
        let (wasKept, wasFreed) = await rig.on { loop in
            weak var reference: Probe?
            do {
                let probe = Probe()
                probe.onDeadline = { _, _ in Issue.record("a cleared deadline passed") }
                loop.setDeadline(loop.now + .milliseconds(10), for: probe)
                reference = probe
            }
            let wasKept = reference != nil
            if let probe = reference { loop.setDeadline(nil, for: probe) }
            loop.schedule(at: loop.now + .milliseconds(30)) { done.put(true) }
            return (wasKept, reference == nil)
        }
        #expect(wasKept)
        #expect(wasFreed)
        #expect(await done.next() == true)
    }

    @Test("cleared deadlines of hours are not kept for hours")
    func clearedDeadlines() async throws {
        let rig = try Rig()
        let fired = Inbox<Int>()
        await rig.on { loop in
            let start = loop.now
            for _ in 0..<10_000 {
                let handler = StreamHandler()
                loop.setDeadline(start + .seconds(28_800), for: handler)
                loop.setDeadline(nil, for: handler)
            }
            for number in 1...3 { loop.schedule(at: start + .milliseconds(UInt64(number))) { fired.put(number) } }
        }
        #expect(await fired.next() == 1)
        #expect(await fired.next() == 2)
        #expect(await fired.next() == 3)
        #expect(await rig.on { $0.queuedDeadlines } < 2000)
    }

    @Test("jobs of many threads run in each thread's order")
    func order() async throws {
        let rig = try Rig()
        let log = Log()
        let done = Inbox<Bool>()
        await withTaskGroup(of: Void.self) { group in
            for sender in 0..<8 {
                group.addTask {
                    for number in 0..<2000 { rig.loop.execute { log.add(sender, number) } }
                }
            }
        }
        rig.loop.execute { done.put(true) }
        _ = await done.next()
        #expect(await rig.on { _ in log.isOrdered })
        #expect(await rig.on { _ in log.last } == Array(repeating: 1999, count: 8))
    }

    private final class Log: @unchecked Sendable {
        var last = Array(repeating: -1, count: 8)
        var isOrdered = true

        func add(_ sender: Int, _ number: Int) {
            if number != last[sender] + 1 { isOrdered = false }
            last[sender] = number
        }
    }
}
