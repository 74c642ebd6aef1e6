import EventLoop
import Glibc
import Pooling
import Testing

@Suite("Connections come about, or not", .everyBackend, .timeLimit(.minutes(10)))
struct ConnectTests {
    private func outcome(of endpoint: Endpoint, timeout: TimeSpan) async throws -> EndReason? {
        let rig = try Rig()
        let outcome = Inbox<EndReason?>()
        let client = Probe()
        client.onConnected = { _ in outcome.put(nil) }
        client.onEnded = { outcome.put($1) }
        await rig.connect(client, to: endpoint, timeout: timeout)
        let reason = try #require(await outcome.next())
        await rig.on { _ in client.stream?.close() }
        return reason
    }

    @Test("nobody listens")
    func refused() async throws {
        let port = try #require(try ListeningSocket.open(anyPort, count: 1).first).endpoint.port
        let reason = try await outcome(of: .tcp(host: "127.0.0.1", port: port), timeout: .seconds(20))
        #expect(reason == .failed(errno: ECONNREFUSED))
        #expect(try await outcome(of: .unix(path: socketPath()), timeout: .seconds(20)) == .failed(errno: ENOENT))
    }

    @Test("a full backlog times out")
    func timeout() async throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, size)
                listen(listener, 0)
                getsockname(listener, $0, &size)
            }
        }
        let port = UInt16(bigEndian: address.sin_port)
        let first = blockingClient(port: port)
        let reason = try await outcome(of: .tcp(host: "127.0.0.1", port: port), timeout: .milliseconds(300))
        #expect(reason == .connectTimeout)
        close(first)
        close(listener)
    }

    @Test("a name without an address")
    func unresolved() async throws {
        let reason = try await outcome(of: .tcp(host: "no such name", port: 1), timeout: .seconds(60))
        guard case .unresolved(let text) = reason else {
            Issue.record("\(String(describing: reason))")
            return
        }
        #expect(!text.isEmpty)
    }

    @Test("every address of localhost is tried")
    func localhost() async throws {
        for host in ["127.0.0.1", "::1"] {
            let listener = try #require(try ListeningSocket.open(.tcp(host: host, port: 0), count: 1).first)
            let endpoint = Endpoint.tcp(host: "localhost", port: listener.endpoint.port)
            let reason = try await outcome(of: endpoint, timeout: .seconds(20))
            // A machine whose localhost has no IPv6 address refuses there.
            #expect(reason == nil || host == "::1" && reason == .failed(errno: ECONNREFUSED))
        }
    }

    @Test("a name that was just looked up is not asked for again")
    func knownName() async throws {
        let listener = try #require(try ListeningSocket.open(.tcp(host: "127.0.0.1", port: 0), count: 1).first)
        let endpoint = Endpoint.tcp(host: "localhost", port: listener.endpoint.port)
        let rig = try Rig()
        let start = await rig.on { $0.now }
        for turn in 1...2 {
            let connected = Inbox<Bool>()
            let client = Probe()
            client.onConnected = { _ in connected.put(true) }
            client.onEnded = { _, _ in connected.put(false) }
            let (asked, age) = await rig.on { loop in
                client.stream = loop.connect(to: endpoint, timeout: .seconds(20), handler: client, tag: 0)
                return (loop.namesBeingLookedUp, loop.now.since(start))
            }
            // On a machine that is busy for a second, the answer may be too old by now.
            #expect(asked == (turn == 1 ? 1 : 0) || age >= .seconds(1))
            #expect(await connected.next() == true)
            await rig.on { _ in client.stream?.close() }
        }
    }

    @Test("a stream closed while its name is looked up hears nothing")
    func closedEarly() async throws {
        let rig = try Rig()
        let client = Probe()
        client.onConnected = { _ in Issue.record("connected") }
        client.onEnded = { Issue.record("ended: \($1)") }
        await rig.on { loop in
            loop.connect(to: .tcp(host: "localhost", port: 1), timeout: .seconds(5), handler: client, tag: 0).close()
        }
        await rig.settle(turns: 10)
    }
}
