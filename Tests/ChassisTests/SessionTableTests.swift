import PluginAPI
import Testing

@testable import Chassis

@Suite("The open connections of a loop")
struct SessionTableTests {
    private final class Place {
        let slot: Int
        init(_ slot: Int) { self.slot = slot }
    }

    @Test("read in parts, each is met once, and free slots are passed over")
    func parts() {
        var table = SessionTable<Place>()
        for _ in 0..<10 { _ = table.insert { slot, _ in Place(slot) } }
        for slot in [0, 4, 5, 9] { _ = table.remove(slot) }
        var (found, next): ([Int], Int?) = ([], 0)
        var parts = 0
        while let first = next {
            let part = table.some(from: first, atMost: 4)
            found += part.found.map(\.slot)
            next = part.next
            parts += 1
        }
        #expect(found == [1, 2, 3, 6, 7, 8] && parts == 3)
        #expect(table.some(from: 10, atMost: 4).next == nil && table.some(from: 99, atMost: 4).found.isEmpty)
    }

    @Test("a worker's hooks have the phases' names")
    func hooks() {
        final class Worker: ConnectHook, DrainHook {
            func connect(_ session: Session) -> ConnectVerdict { .next }
            func sessionsEnded() {}
        }
        #expect(HookChains.names(of: Worker()) == ["connect", "drain"])
    }

    @Test("bytes of a server inside the process are nobody's")
    func counters() {
        var (one, other) = (SessionCounters(), SessionCounters())
        one.received(5, isClient: true, isServedLocally: true)
        one.sent(7, isClient: true, isServedLocally: true)
        one.received(100, isClient: false, isServedLocally: true)
        one.sent(100, isClient: false, isServedLocally: true)
        other.received(11, isClient: false, isServedLocally: false)
        other.sent(13, isClient: false, isServedLocally: false)
        one.add(other)
        #expect([one.clientBytesReceived, one.clientBytesSent] == [5, 7])
        #expect([one.serverBytesReceived, one.serverBytesSent] == [11, 13])
    }
}
