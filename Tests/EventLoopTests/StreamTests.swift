import EventLoop
import Glibc
import Pooling
import TestSupport
import Testing

@Suite("Streams carry bytes", .everyBackend, .timeLimit(.minutes(10)))
struct StreamTests {
    @Test(
        "an echo comes back over every kind of socket",
        arguments: [anyPort, .tcp(host: "::1", port: 0), .tcp(host: "", port: 0), .unix(path: socketPath())])
    func echo(endpoint: Endpoint) async throws {
        let rig = try Rig()
        let endpoint = try await rig.serve(at: endpoint) { Probe.echo() }
        let (client, answers) = Probe.listening()
        client.onConnected = { $0.send(Array("hello".utf8)) }
        await rig.connect(client, to: endpoint)
        #expect(await answers.next() == Array("hello".utf8))
        let (peer, tag) = await rig.on { _ in (client.stream?.peerAddress, client.stream?.tag) }
        #expect(tag == 7)
        switch endpoint {
        case .tcp(let host, let port):
            #expect(peer == (host == "::1" ? "[::1]:\(port)" : "127.0.0.1:\(port)"))
        case .unix(let path): #expect(peer == path)
        }
        await rig.on { _ in client.stream?.close() }
    }

    @Test("what is sent before the connection stands arrives after it")
    func earlySend() async throws {
        let rig = try Rig()
        let served = try await rig.serve { Probe.echo() }
        let (client, answers) = Probe.listening()
        let endpoint = Endpoint.tcp(host: "localhost", port: served.port)
        await rig.on { loop in
            client.stream = loop.connect(to: endpoint, timeout: .seconds(20), handler: client, tag: 0)
            client.send([1, 2, 3])
        }
        #expect(await answers.next() == [1, 2, 3])
        await rig.on { _ in client.stream?.close() }
    }

    @Test("unconsumed bytes come again in front of the next ones")
    func unconsumed() async throws {
        let rig = try Rig()
        let heard = Inbox<[UInt8]>()
        let server = Probe()
        server.onReceived = { _, bytes in
            heard.put(bytes)
            return bytes.count / 2
        }
        let endpoint = try await rig.serve { server }
        let client = blockingClient(port: endpoint.port)
        write(client, "abc", 3)
        #expect(await heard.next() == Array("abc".utf8))
        write(client, "def", 3)
        #expect(await heard.next() == Array("bcdef".utf8))
        #expect(await rig.on { _ in server.stream?.heldBytes } == 3)
        await rig.on { _ in server.stream?.resumeReceiving() }
        #expect(await heard.next() == Array("def".utf8))
        close(client)
    }

    @Test("a handler may wait for 16 MB before it consumes any", arguments: [4096, 256 * 1024])
    func wholePacket(scratchBytes: Int) async throws {
        let rig = try Rig(scratchBytes: scratchBytes)
        let listener = try #require(try ListeningSocket.open(anyPort, count: 1).first)
        let wanted = 16 * 1024 * 1024 + 5
        let whole = Inbox<[UInt8]>()
        let server = CountingHandler(wanted: wanted, whole)
        await rig.on { loop in loop.accept(from: listener) { _ in server } }
        let client = Probe()
        let bytes = pattern(count: wanted)
        client.onConnected = { $0.send(bytes) }
        await rig.connect(client, to: listener.endpoint)
        #expect(await whole.next() == bytes)
        await rig.on { _ in client.stream?.close() }
    }

    /// Consumes nothing until `wanted` bytes are there; looks at the count only, so that the waiting costs nothing.
    private final class CountingHandler: StreamHandler, @unchecked Sendable {
        let wanted: Int
        let whole: Inbox<[UInt8]>

        init(wanted: Int, _ whole: Inbox<[UInt8]>) {
            self.wanted = wanted
            self.whole = whole
        }

        override func received(_ bytes: Span<UInt8>, on stream: ByteStream) -> Int {
            guard bytes.count >= wanted else { return 0 }
            whole.put(bytes.withUnsafeBufferPointer { Array($0) })
            return bytes.count
        }
    }

    @Test("64 MB pass a slow reader unchanged, with bounded memory", arguments: [anyPort, .unix(path: socketPath())])
    func backPressure(endpoint: Endpoint) async throws {
        let rig = try Rig()
        let total = 64 * 1024 * 1024
        let block = pattern(count: 1 << 20)
        let done = Inbox<(ok: Bool, most: Int)>()
        let sender = Probe()
        var sent = 0
        var most = 0
        let pump = { (probe: Probe) in
            while sent < total, let stream = probe.stream, stream.pendingBytes == 0 {
                probe.send(block)
                sent += block.count
                most = max(most, stream.pendingBytes)
            }
        }
        sender.onDrained = { pump($0) }
        sender.onReceived = { probe, bytes in
            pump(probe)
            return bytes.count
        }
        let endpoint = try await rig.serve(at: endpoint) { sender }
        let reader = Probe()
        var offset = 0
        var ok = true
        reader.onConnected = { $0.send([1]) }
        reader.onReceived = { [unowned loop = rig.loop] probe, bytes in
            let taken = max(1, bytes.count - 3)
            for index in 0..<taken where bytes[index] != block[(offset + index) & (block.count - 1)] { ok = false }
            offset += taken
            if offset == total { done.put((ok, most)) }
            if offset / (4 << 20) != (offset - taken) / (4 << 20) {
                probe.stream?.pauseReceiving()
                loop.schedule(at: loop.now + .milliseconds(3)) { probe.stream?.resumeReceiving() }
            } else if taken < bytes.count {
                probe.stream?.resumeReceiving()
            }
            return taken
        }
        await rig.connect(reader, to: endpoint)
        let result = try #require(await done.next())
        #expect(result.ok)
        #expect(result.most <= block.count)
        await rig.on { _ in reader.stream?.close() }
    }

    @Test("small and large pieces sent in one turn arrive in order, the last ones before a close among them")
    func mixedSends() async throws {
        let rig = try Rig()
        let all = pattern(count: 3 << 20)
        let server = Probe()
        server.onReceived = { probe, heard in
            var (offset, number) = (0, 0)
            let sizes = [1, 700, 8192, 8193, 5, 20_000, 100, 300]
            while offset < all.count {
                let end = min(all.count, offset + sizes[number % sizes.count])
                probe.send(Array(all[offset..<end]))
                (offset, number) = (end, number + 1)
            }
            probe.stream?.closeAfterSending(lingering: .seconds(30))
            return heard.count
        }
        let endpoint = try await rig.serve { server }
        let client = Probe()
        let ends = Inbox<[UInt8]>()
        client.onConnected = { $0.send([1]) }
        client.onReceived = { probe, heard in
            probe.received += heard
            return heard.count
        }
        client.onEnded = { probe, _ in ends.put(probe.received) }
        await rig.connect(client, to: endpoint)
        #expect(await ends.next() == all)
    }

    @Test("a farewell sent right before a close arrives")
    func farewell() async throws {
        let rig = try Rig()
        let listener = try #require(try ListeningSocket.open(anyPort, count: 1).first)
        await rig.on { loop in
            loop.accept(from: listener) { stream in
                let bytes = Array("too many clients".utf8)
                stream.send(bytes.span)
                stream.close()
                return nil
            }
        }
        for _ in 0..<20 {
            let client = blockingClient(port: listener.endpoint.port)
            var room = [UInt8](repeating: 0, count: 64)
            let count = read(client, &room, room.count)
            #expect(String(decoding: room.prefix(max(0, count)), as: UTF8.self) == "too many clients")
            #expect(read(client, &room, room.count) == 0)
            close(client)
        }
    }

    @Test("what comes in a pause stays with the system, up to a bounded amount, and comes afterwards")
    func pausedUnderFire() async throws {
        let rig = try Rig()
        let all = pattern(count: 24 << 20)
        let server = Probe()
        let whole = Inbox<[UInt8]>()
        server.onReceived = { probe, heard in
            if probe.received.isEmpty { probe.stream?.pauseReceiving() }
            probe.received += heard
            if probe.received.count == all.count { whole.put(probe.received) }
            return heard.count
        }
        let endpoint = try await rig.serve { server }
        let client = Probe()
        client.onConnected = { $0.send(all) }
        await rig.connect(client, to: endpoint)
        await rig.settle(turns: 20)
        #expect(await rig.on { _ in server.stream?.isPaused } == true)
        #expect(await rig.on { _ in server.stream?.heldBytes ?? .max } <= 4 << 20)
        await rig.on { _ in server.stream?.resumeReceiving() }
        #expect(await whole.next() == all)
        await rig.on { _ in client.stream?.close() }
    }

    @Test("closing after sending delivers everything, also while the peer sends")
    func closeAfterSending() async throws {
        let rig = try Rig()
        let bytes = pattern(count: 8 << 20)
        let server = Probe()
        server.onReceived = { probe, heard in
            probe.send(bytes)
            probe.stream?.closeAfterSending(lingering: .seconds(30))
            return 0
        }
        server.onEnded = { _, _ in Issue.record("a stream closed by its owner tells nothing") }
        let endpoint = try await rig.serve { server }
        let client = Probe()
        let ends = Inbox<[UInt8]>()
        client.onConnected = { $0.send([1]) }
        client.onReceived = { probe, heard in
            probe.received += heard
            probe.send([0])
            return heard.count
        }
        client.onEnded = { probe, reason in
            #expect(reason == .peerClosed)
            ends.put(probe.received)
        }
        await rig.connect(client, to: endpoint)
        #expect(await ends.next() == bytes)
    }
}

@Suite("Streams whose peer has said goodbye", .everyBackend, .timeLimit(.minutes(10)))
struct GoodbyeTests {
    @Test("they close once everything is sent, and wait for no end of the peer's", arguments: [1, 5, 8 << 20])
    func closeAfterGoodbye(count: Int) async throws {
        let rig = try Rig()
        let bytes = pattern(count: count)
        let server = Probe()
        server.onReceived = { probe, heard in
            probe.send(bytes)
            probe.stream?.closeAfterGoodbye(lingering: .seconds(30))
            return heard.count
        }
        server.onEnded = { _, _ in Issue.record("a stream closed by its owner tells nothing") }
        let endpoint = try await rig.serve { server }
        // A client that is told of everything, and whose own end never comes.
        let client = blockingClient(port: endpoint.port)
        var byte: UInt8 = 1
        #expect(write(client, &byte, 1) == 1)
        var received: [UInt8] = []
        var room = [UInt8](repeating: 0, count: 1 << 20)
        while received.count < count {
            let size = read(client, &room, room.count)
            guard size > 0 else { break }
            received += room[..<size]
        }
        #expect(received == bytes)
        // What is sent at once leaves nothing open.
        if count < 1000 {
            await rig.settle()
            #expect(await rig.on { $0.streamCount } == 0)
        }
        #expect(read(client, &room, room.count) == 0)
        Glibc.close(client)
    }
}

@Suite("Streams at rest", .everyBackend, .timeLimit(.minutes(10)))
struct RestingStreamTests {
    @Test("a stream owns no buffer, and no more bytes than it needs; its timer is a few bytes of its handler")
    func size() async throws {
        let rig = try Rig()
        let endpoint = try await rig.serve { Probe.echo() }
        let (client, answers) = Probe.listening()
        client.onConnected = { $0.send(Array("hello".utf8)) }
        await rig.connect(client, to: endpoint)
        #expect(await answers.next() == Array("hello".utf8))
        let size = await rig.on { _ in
            client.stream.map { allocatedBytes(of: $0) } ?? 0
        }
        #expect((1...(EveryBackend.present == .epoll ? 104 : 120)).contains(size))
        let handler = StreamHandler()
        #expect((1...40).contains(allocatedBytes(of: handler)))
        await rig.on { _ in client.stream?.close() }
    }
}
