import EventLoop
import Glibc
import Pooling
import Testing

@Suite("Descriptors run out", .timeLimit(.minutes(10)))
struct ExhaustionTests {
    @Test(
        "accepting pauses with one warning, goes on when a stream closes, and harms no connection",
        arguments: EveryBackend.allowed)
    func pauses(on backend: IOBackend) async {
        // In a process of its own, whose descriptors are its own.
        await #expect(processExitsWith: .success) { [name = backend.rawValue as String] in
            // What the runtime opens for its own timers must be open before the limit falls.
            try await Task.sleep(for: .milliseconds(1))
            let rig = try Rig(on: try #require(IOBackend(rawValue: name)))
            let accepted = Inbox<Int>()
            let warnings = Inbox<Int32>()
            let box = Accepted()
            await rig.on { loop in loop.onAcceptPaused = { warnings.put($0.errno) } }
            let endpoint = try await rig.serve {
                let probe = Probe.echo()
                box.probes.append(probe)
                accepted.put(box.probes.count)
                return probe
            }
            let first = blockingClient(port: endpoint.port)
            #expect(await accepted.next() == 1)
            // Room for the client's socket, and none for the server's.
            let second = blockingClientWithoutRoom(port: endpoint.port)
            #expect(await warnings.next() == EMFILE)
            // The pause has ended several times meanwhile, in vain.
            usleep(350_000)
            // The connection that stands goes on.
            var byte: UInt8 = 7
            #expect(write(first, &byte, 1) == 1)
            byte = 0
            #expect(read(first, &byte, 1) == 1)
            #expect(byte == 7)
            #expect(await rig.on { _ in box.probes.count } == 1)
            await rig.on { _ in box.probes[0].stream?.close() }
            #expect(await accepted.next() == 2)
            warnings.put(0)
            #expect(await warnings.next() == 0)
            close(first)
            close(second)
        }
    }

    final class Accepted: @unchecked Sendable {
        var probes: [Probe] = []
    }
}

/// Connects, with the limit of descriptors set so that the client's socket is the last one.
private func blockingClientWithoutRoom(port: UInt16) -> Int32 {
    let next = dup(0)
    close(next)
    // Every descriptor below `next` is taken, so the limit leaves exactly one.
    var limit = rlimit(rlim_cur: rlim_t(next + 1), rlim_max: rlim_t(next + 1))
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    limit.rlim_cur = rlim_t(next + 1)
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    return blockingClient(port: port)
}
