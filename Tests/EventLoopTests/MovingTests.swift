import EventLoop
import Glibc
import Pooling
import Testing

@Suite("Streams move from loop to loop", .everyBackend, .timeLimit(.minutes(10)))
struct MovingTests {
    /// Two loops; the first has accepted a stream whose other end is a plain socket.
    private final class Road: Sendable {
        let source: Rig
        let target: Rig
        let client: Int32
        /// Has the stream, and after ``adopt(_:)`` nothing more of it.
        let first = Probe()
        let second = Probe()
        /// What happens to both handlers, in order.
        let log = Inbox<String>()

        init() async throws {
            source = try Rig()
            target = try Rig()
            client = try await source.client(of: first)
            tell(first, as: "first")
            tell(second, as: "second")
        }

        deinit { close(client) }

        private func tell(_ probe: Probe, as name: String) {
            probe.onReceived = { [log] _, bytes in
                log.put("\(name): \(String(decoding: bytes, as: UTF8.self))")
                return bytes.count
            }
            probe.onEnded = { [log] _, reason in log.put("\(name): \(reason)") }
        }

        /// Takes the stream out of the first loop; nil where it isn't quiet.
        func detach() async -> (any DetachedStream)? {
            await source.on { [first] loop in first.stream.flatMap { loop.detach($0) } }
        }

        /// Whether the first loop keeps the stream; where it doesn't, the stream is dropped.
        func isHeldBack() async -> Bool { await detach() == nil }

        /// Whether the second loop has taken it in.
        func adopt(_ stream: any DetachedStream) async -> Bool {
            await target.on { [second] loop in
                second.stream = loop.adopt(stream, handler: second, tag: 9)
                return second.stream != nil
            }
        }

        func say(_ text: String) { _ = text.withCString { write(client, $0, strlen($0)) } }
    }

    @Test("bytes of before, of between and of after the move arrive once, in order, where the stream is")
    func bytesArrive() async throws {
        let road = try await Road()
        road.say("before")
        #expect(await road.log.next() == "first: before")
        let detached = try #require(await road.detach())
        road.say("between")
        await road.source.settle()
        #expect(await road.adopt(detached))
        #expect(await road.log.next() == "second: between")
        road.say("after")
        #expect(await road.log.next() == "second: after")
        #expect(await road.source.on { $0.streamCount } == 0)
        #expect(await road.target.on { $0.streamCount } == 1)
    }

    @Test("the loop that took a stream in sends on it")
    func sendsAfterwards() async throws {
        let road = try await Road()
        await road.source.on { [first = road.first] _ in first.send(Array("one ".utf8)) }
        await road.source.settle()
        let detached = try #require(await road.detach())
        #expect(await road.adopt(detached))
        await road.target.on { [second = road.second] _ in second.send(Array("two".utf8)) }
        let heard = readAll(road.client, count: 7)
        #expect(String(decoding: heard, as: UTF8.self) == "one two")
        let tag = await road.target.on { [second = road.second] _ in second.stream?.tag }
        #expect(tag == 9)
    }

    @Test("a stream with bytes held stays where it is, and works on")
    func heldBytes() async throws {
        let road = try await Road()
        let seen = Inbox<Int>()
        road.first.onReceived = { _, bytes in
            seen.put(bytes.count)
            return bytes.count < 8 ? 0 : bytes.count
        }
        road.say("held")
        #expect(await seen.next() == 4)
        #expect(await road.isHeldBack())
        road.say("more")
        #expect(await seen.next() == 8)
        #expect(await !road.isHeldBack())
    }

    @Test("a stream with bytes pending stays where it is until they are gone")
    func pendingBytes() async throws {
        let road = try await Road()
        let total = 16 << 20
        let drained = Inbox<Bool>()
        road.first.onDrained = { _ in drained.put(true) }
        let bytes = pattern(count: total)
        let pending = await road.source.on { [first = road.first] _ in
            first.send(bytes)
            return first.stream?.pendingBytes ?? 0
        }
        #expect(pending > 0)
        #expect(await road.isHeldBack())
        let client = road.client
        let reader = Task.detached { readAll(client, count: total) }
        #expect(await drained.next() == true)
        #expect(await reader.value == bytes)
        #expect(await !road.isHeldBack())
    }

    @Test("a stream whose peer is known to have gone is not detached; its end is told where it is")
    func goneBefore() async throws {
        let road = try await Road()
        await road.source.on { [first = road.first] _ in first.stream?.pauseReceiving() }
        road.say("unread")
        shutdown(road.client, Int32(SHUT_WR))
        await road.source.settle()
        #expect(await road.isHeldBack())
        await road.source.on { [first = road.first] _ in first.stream?.resumeReceiving() }
        #expect(await road.log.next() == "first: unread")
        #expect(await road.log.next() == "first: it closed the connection")
    }

    @Test("a peer that ends between the loops is told of once the stream is taken in, after its bytes")
    func deadBetween() async throws {
        let road = try await Road()
        let detached = try #require(await road.detach())
        road.say("last words")
        shutdown(road.client, Int32(SHUT_WR))
        await road.source.settle()
        #expect(await road.adopt(detached))
        #expect(await road.log.next() == "second: last words")
        #expect(await road.log.next() == "second: it closed the connection")
        #expect(await road.target.on { $0.streamCount } == 0)
    }

    @Test("a detached stream that nobody takes in closes")
    func dropped() async throws {
        let road = try await Road()
        var detached = await road.detach()
        #expect(detached != nil)
        detached = nil
        var byte: UInt8 = 0
        #expect(read(road.client, &byte, 1) == 0)
    }

    @Test("a stream is taken in once")
    func takenOnce() async throws {
        let road = try await Road()
        let detached = try #require(await road.detach())
        #expect(await road.adopt(detached))
        let again = await road.source.on { loop in loop.adopt(detached, handler: Probe(), tag: 0) == nil }
        #expect(again)
        road.say("still there")
        #expect(await road.log.next() == "second: still there")
    }

    @Test("a stream goes to and fro between two busy loops a hundred times, and loses nothing")
    func backAndForth() async throws {
        let road = try await Road()
        let rigs = [road.source, road.target]
        var (probe, holder) = (road.first, 0)
        for number in 0..<100 {
            let moved = await rigs[holder].on { [probe] loop in probe.stream.flatMap { loop.detach($0) } }
            let detached = try #require(moved)
            road.say("\(number)")
            holder = 1 - holder
            let next = Probe()
            next.onReceived = { [log = road.log] _, bytes in
                log.put(String(decoding: bytes, as: UTF8.self))
                return bytes.count
            }
            await rigs[holder].on { loop in next.stream = loop.adopt(detached, handler: next, tag: 0) }
            #expect(await road.log.next() == "\(number)")
            probe = next
        }
        await rigs[holder].on { [probe] _ in probe.stream?.close() }
    }
}

/// Reads so many bytes, or up to the end.
private func readAll(_ descriptor: Int32, count: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while bytes.count < count {
        let length = read(descriptor, &buffer, min(buffer.count, count - bytes.count))
        guard length > 0 else { break }
        bytes += buffer[..<length]
    }
    return bytes
}
