import EventLoop
import Glibc
import Pooling
import Testing

@Suite("Listening", .serialized, .everyBackend, .timeLimit(.minutes(10)))
struct ListeningTests {
    @Test("two loops share a port, and both serve")
    func shared() async throws {
        let sockets = try ListeningSocket.open(anyPort, count: 2)
        #expect(Set(sockets.map(\.endpoint)).count == 1)
        let rigs = [try Rig(), try Rig()]
        let served = Inbox<Int>()
        for (index, rig) in rigs.enumerated() {
            await rig.serve(sockets[index]) {
                served.put(index)
                return nil
            }
        }
        var seen = Set<Int>()
        for _ in 0..<200 where seen.count < 2 {
            let client = blockingClient(port: sockets[0].endpoint.port)
            if let index = await served.next() { seen.insert(index) }
            close(client)
        }
        #expect(seen == [0, 1])
    }

    @Test("a burst that waits already is accepted to the last one, and who comes later too")
    func burst() async throws {
        let rig = try Rig()
        let socket = try #require(try ListeningSocket.open(anyPort, count: 1).first)
        let accepted = Inbox<Int>()
        let early = (0..<200).map { _ in blockingClient(port: socket.endpoint.port) }
        await rig.serve(socket) {
            accepted.put(0)
            return Probe.echo()
        }
        for _ in early { #expect(await accepted.next() == 0) }
        for _ in 0..<3 {
            let late = blockingClient(port: socket.endpoint.port)
            #expect(await accepted.next() == 0)
            close(late)
        }
        for client in early { close(client) }
    }

    @Test(
        "a listener knows where its clients come in, unless that is one of many addresses",
        arguments: [anyPort, .tcp(host: "::1", port: 0), .tcp(host: "", port: 0), .unix(path: socketPath())])
    func address(endpoint: Endpoint) async throws {
        let rig = try Rig()
        let socket = try #require(try ListeningSocket.open(endpoint, count: 1).first)
        let addresses = Inbox<String>()
        await rig.on { loop in
            loop.accept(from: socket) { stream in
                addresses.put(stream.localAddress)
                return nil
            }
        }
        let client = Probe()
        await rig.connect(client, to: socket.endpoint)
        let address = await addresses.next()
        await rig.on { _ in client.stream?.close() }
        if case .tcp("", _) = endpoint { #expect(socket.address == nil) } else { #expect(socket.address == address) }
    }

    @Test("a port in use is refused with advice")
    func inUse() throws {
        let socket = try #require(try ListeningSocket.open(anyPort, count: 1).first)
        let error = #expect(throws: SystemError.self) { try ListeningSocket.open(socket.endpoint, count: 2) }
        #expect(error?.errno == EADDRINUSE)
        #expect(error?.description.contains("\(socket.endpoint)") == true)
        #expect(error?.description.contains("choose another address") == true)
    }

    @Test("a stale unix socket is replaced, a live one or another file is refused, and the own one is removed")
    func unixFiles() throws {
        let path = socketPath()
        let left = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(left, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        #expect(status == 0)
        close(left)
        let sockets = try ListeningSocket.open(.unix(path: path), count: 2)
        #expect(sockets.count == 2)
        #expect(throws: SystemError.self) { try ListeningSocket.open(.unix(path: path), count: 1) }
        sockets[0].close()
        sockets[1].close()
        #expect(access(path, F_OK) != 0)

        close(open(path, O_CREAT | O_WRONLY, 0o600))
        #expect(throws: SystemError.self) { try ListeningSocket.open(.unix(path: path), count: 1) }
        #expect(access(path, F_OK) == 0)
        unlink(path)
    }

    @Test("accepted streams have no delay and keep alive")
    func options() async throws {
        let rig = try Rig()
        let listener = try #require(try ListeningSocket.open(anyPort, count: 1).first)
        let server = Probe()
        let accepted = Inbox<UInt16>()
        await rig.on { loop in
            loop.accept(from: listener) { stream in
                server.stream = stream
                accepted.put(UInt16(stream.peerAddress.split(separator: ":").last ?? "") ?? 0)
                return server
            }
        }
        let client = blockingClient(port: listener.endpoint.port)
        let port = try #require(await accepted.next())
        let descriptor = try #require((3..<1024).first { remotePort(of: $0) == port && $0 != client })
        #expect(option(TCP_NODELAY, of: Int32(IPPROTO_TCP), on: descriptor) != 0)
        #expect(option(SO_KEEPALIVE, of: SOL_SOCKET, on: descriptor) != 0)
        close(client)
    }

    private func option(_ name: Int32, of level: Int32, on descriptor: Int32) -> Int32 {
        var value: Int32 = 0
        var size = socklen_t(4)
        getsockopt(descriptor, level, name, &value, &size)
        return value
    }

    private func remotePort(of descriptor: Int32) -> UInt16? {
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getpeername(descriptor, $0, &size) }
        }
        return status == 0 ? UInt16(bigEndian: address.sin_port) : nil
    }
}
