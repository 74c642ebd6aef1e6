import EventLoop
import Glibc
import Pooling
import Testing

@Suite("Streams end", .everyBackend, .timeLimit(.minutes(10)))
struct EndTests {
    /// A rig with one accepted stream, and the plain socket at its other end.
    private func pair(_ server: Probe) async throws -> (rig: Rig, client: Int32) {
        let rig = try Rig()
        return (rig, try await rig.client(of: server))
    }

    @Test("a reset is told at once, though the stream is paused with bytes unread")
    func resetWhilePaused() async throws {
        let server = Probe()
        let ends = Inbox<EndReason>()
        server.onEnded = { ends.put($1) }
        let (rig, client) = try await pair(server)
        await rig.on { _ in server.stream?.pauseReceiving() }
        write(client, "unread", 6)
        await rig.settle()
        reset(client)
        #expect(await ends.next() == .failed(errno: ECONNRESET))
    }

    @Test("an orderly end is told to a paused stream after its bytes were delivered")
    func closedWhilePaused() async throws {
        let server = Probe()
        let log = Inbox<String>()
        server.onReceived = { _, bytes in
            log.put(String(decoding: bytes, as: UTF8.self))
            return bytes.count
        }
        server.onEnded = { log.put("\($1)") }
        let (rig, client) = try await pair(server)
        await rig.on { _ in server.stream?.pauseReceiving() }
        write(client, "last", 4)
        close(client)
        await rig.settle()
        await rig.on { _ in
            log.put("resumed")
            server.stream?.resumeReceiving()
        }
        #expect(await log.next() == "resumed")
        #expect(await log.next() == "last")
        #expect(await log.next() == "it closed the connection")
    }

    @Test("an orderly end with nothing unread is told to a paused stream at once")
    func emptyWhilePaused() async throws {
        let server = Probe()
        let ends = Inbox<EndReason>()
        server.onEnded = { ends.put($1) }
        let (rig, client) = try await pair(server)
        await rig.on { _ in server.stream?.pauseReceiving() }
        close(client)
        #expect(await ends.next() == .peerClosed)
    }

    @Test("a handler may be done with a stream while it is shown held bytes again")
    func closedOverHeldBytes() async throws {
        let server = Probe()
        let seen = Inbox<String>()
        server.onReceived = { probe, bytes in
            seen.put(String(decoding: bytes, as: UTF8.self))
            guard bytes.count > 4 else { return 0 }
            probe.stream?.closeAfterSending(lingering: .seconds(20))
            return 0
        }
        let (rig, client) = try await pair(server)
        write(client, "held", 4)
        #expect(await seen.next() == "held")
        write(client, "more", 4)
        #expect(await seen.next() == "heldmore")
        write(client, "ignored", 7)
        await rig.settle()
        #expect(await rig.on { $0.streamCount } == 1)
        close(client)
        await rig.settle()
        #expect(await rig.on { $0.streamCount } == 0)
    }

    @Test("a failed send is told once, later, and never inside the call")
    func failedSend() async throws {
        let server = Probe()
        let ends = Inbox<EndReason>()
        server.onEnded = { probe, reason in
            #expect(!probe.isSending)
            ends.put(reason)
        }
        let (rig, client) = try await pair(server)
        await rig.on { _ in
            // The reset comes about inside this turn, before the loop hears of it.
            reset(client)
            server.isSending = true
            for _ in 0..<100 { server.send([1, 2, 3]) }
            server.isSending = false
        }
        let reason = await ends.next()
        #expect(reason == .failed(errno: ECONNRESET) || reason == .failed(errno: EPIPE))
    }

    @Test("streams closed inside a callback of the same batch hear nothing more")
    func closeInBatch() async throws {
        let rig = try Rig()
        let box = Box()
        let accepted = Inbox<Int>()
        let heard = Inbox<Int>()
        let endpoint = try await rig.serve {
            let probe = Probe()
            probe.onReceived = { _, bytes in
                heard.put(box.probes.count)
                for other in box.probes {
                    other.stream?.close()
                    other.stream = nil
                }
                box.probes = []
                return bytes.count
            }
            probe.onEnded = { _, _ in Issue.record("closed already") }
            box.probes.append(probe)
            accepted.put(box.probes.count)
            return probe
        }
        let clients = (0..<20).map { _ in blockingClient(port: endpoint.port) }
        while let count = await accepted.next(), count < 20 {}
        await rig.on { _ in
            // All bytes arrive while the loop is busy here, so that one batch tells of them all.
            for client in clients { write(client, "x", 1) }
            usleep(20_000)
        }
        #expect(await heard.next() == 20)
        await rig.settle()
        heard.put(-1)
        #expect(await heard.next() == -1)
        for client in clients { close(client) }
    }

    private final class Box: @unchecked Sendable {
        var probes: [Probe] = []
    }
}
