import EventLoop
import Glibc
import Pooling
import Synchronization
import Testing

/// Runs each test once on every backend that this system allows.
struct EveryBackend: SuiteTrait, TestTrait, TestScoping {
    /// What rigs made in the present test run on.
    @TaskLocal static var present = IOBackend.epoll

    /// Without io_uring, where a container forbids it: that `auto` says so is a test of its own.
    static let allowed = known.filter { (try? SocketLoop.open(count: 1, on: $0)) != nil }

    #if THREAD_SANITIZER
        /// What the kernel does for a ring is no order of events to the sanitizer: a test that sends, and the loop that
        /// receives, would look like a race.
        private static let known = [IOBackend.epoll]
    #else
        private static let known = [IOBackend.epoll, .ioUring]
    #endif

    var isRecursive: Bool { true }

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        guard testCase != nil else { return try await function() }
        for backend in Self.allowed {
            try await Self.$present.withValue(backend) { try await function() }
        }
    }
}

extension Trait where Self == EveryBackend {
    static var everyBackend: Self { Self() }
}

/// A running loop on a thread of its own, ended with the rig.
final class Rig: Sendable {
    let loop: SocketLoop
    private let thread: EventLoopThread

    init(scratchBytes: Int = 256 * 1024, on backend: IOBackend = EveryBackend.present) throws {
        loop = try #require(SocketLoop.open(count: 1, on: backend, scratchBytes: scratchBytes).loops.first)
        thread = try EventLoopThread(running: loop)
    }

    deinit {
        loop.stop()
        thread.join()
    }

    /// Runs `body` on the loop and returns what it returns.
    func on<Result: Sendable>(_ body: @escaping @Sendable (SocketLoop) -> Result) async -> Result {
        await withCheckedContinuation { continuation in
            loop.execute { [loop] in continuation.resume(returning: body(loop)) }
        }
    }

    /// Lets every event that is under way already be handled.
    func settle(turns: Int = 3) async {
        for _ in 0..<turns {
            await on { _ in }
            usleep(10_000)
        }
    }

    /// Connects `probe`, and keeps the stream in it.
    func connect(_ probe: Probe, to endpoint: Endpoint, timeout: TimeSpan = .seconds(20)) async {
        await on { loop in
            probe.stream = loop.connect(to: endpoint, timeout: timeout, handler: probe, tag: 7)
        }
    }

    /// Listens at `endpoint` and accepts as long as the loop runs, with a probe made by `make` for each stream; returns
    /// where it really listens.
    func serve(at endpoint: Endpoint = anyPort, _ make: @escaping @Sendable () -> Probe?) async throws -> Endpoint {
        let listener = try #require(try ListeningSocket.open(endpoint, count: 1).first)
        await serve(listener, make)
        return listener.endpoint
    }

    /// A plain blocking client socket whose stream, accepted by now, is the probe's.
    func client(of server: Probe) async throws -> Int32 {
        let accepted = Inbox<Bool>()
        let endpoint = try await serve {
            accepted.put(true)
            return server
        }
        let client = blockingClient(port: endpoint.port)
        _ = await accepted.next()
        return client
    }

    /// Accepts from `listener`, with a probe made by `make` for each stream.
    func serve(_ listener: ListeningSocket, _ make: @escaping @Sendable () -> Probe?) async {
        await on { loop in
            var probes: [Probe] = []
            loop.accept(from: listener) { stream in
                guard let probe = make() else { return nil }
                probe.stream = stream
                probes.append(probe)
                return probe
            }
        }
    }
}

/// A handler whose behaviour a test gives it; touched on its loop's thread only.
final class Probe: StreamHandler, @unchecked Sendable {
    var stream: ByteStream?
    var received: [UInt8] = []
    var isSending = false
    var onConnected: (Probe) -> Void = { _ in }
    var onReceived: (Probe, [UInt8]) -> Int = { $1.count }
    var onDrained: (Probe) -> Void = { _ in }
    var onEnded: (Probe, EndReason) -> Void = { _, _ in }
    var onDeadline: (Probe, MonotonicTime) -> Void = { _, _ in }

    override func connected(_ stream: ByteStream) { onConnected(self) }

    override func received(_ bytes: Span<UInt8>, on stream: ByteStream) -> Int {
        onReceived(self, bytes.withUnsafeBufferPointer { Array($0) })
    }

    override func drained(_ stream: ByteStream) { onDrained(self) }
    override func ended(_ stream: ByteStream, _ reason: EndReason) { onEnded(self, reason) }
    override func deadlinePassed(_ now: MonotonicTime) { onDeadline(self, now) }

    func send(_ bytes: [UInt8]) { stream?.send(bytes.span) }

    /// A probe, and where it puts what it hears.
    static func listening() -> (probe: Probe, heard: Inbox<[UInt8]>) {
        let (probe, heard) = (Probe(), Inbox<[UInt8]>())
        probe.onReceived = { _, bytes in
            heard.put(bytes)
            return bytes.count
        }
        return (probe, heard)
    }

    /// A probe that sends back what it hears, and closes with its peer.
    static func echo() -> Probe {
        let probe = Probe()
        probe.onReceived = { probe, bytes in
            probe.send(bytes)
            return bytes.count
        }
        return probe
    }
}

/// Values from a loop's thread, for a test that awaits them.
final class Inbox<Value: Sendable>: Sendable {
    private let stream: AsyncStream<Value>
    private let continuation: AsyncStream<Value>.Continuation

    init() { (stream, continuation) = AsyncStream.makeStream() }

    func put(_ value: Value) { continuation.yield(value) }

    func next() async -> Value? {
        for await value in stream { return value }
        return nil
    }
}

/// Bytes that show where in the sequence they belong, up to repetition after 64 Ki - 15 of them.
func pattern(count: Int) -> [UInt8] {
    let block = (0..<65_521).map { UInt8(truncatingIfNeeded: ($0 &* 2_654_435_761) >> 7) }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + block.count)
    while bytes.count < count { bytes += block }
    bytes.removeLast(bytes.count - count)
    return bytes
}

/// A path for a unix socket that no other test uses.
func socketPath() -> String { "/tmp/mr-\(getpid())-\(UInt32.random(in: 0...(.max))).sock" }

/// A plain blocking client socket on 127.0.0.1.
func blockingClient(port: UInt16) -> Int32 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    let status = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }
    if status == 0 { return descriptor }
    close(descriptor)
    return -1
}

/// Closes with a reset instead of an orderly end.
func reset(_ descriptor: Int32) {
    var option = linger(l_onoff: 1, l_linger: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    close(descriptor)
}

let anyPort = Endpoint.tcp(host: "127.0.0.1", port: 0)

extension Endpoint {
    /// The TCP port, or 0.
    var port: UInt16 {
        switch self {
        case .tcp(_, let port): port
        case .unix: 0
        }
    }
}
