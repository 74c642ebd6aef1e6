import EventLoop
import PluginAPI
import Pooling
import TestSupport
import Testing

@testable import Chassis

@Suite("Streams to servers inside the process")
struct LocalStreamTests {
    /// A session, a server, and what both have seen, in order.
    private final class Pair {
        let loop = SimulatedLoop(seed: 1)
        let server = Server()
        let session = Session()
        let stream: LocalStream
        private(set) var log: [String] = []

        init() {
            stream = LocalStream(to: server, handler: session, tag: 5, loop: loop)
            server.say = { [unowned self] in log.append($0) }
            session.say = { [unowned self] in log.append($0) }
        }

        func connect() {
            stream.connect()
            settle()
            log = []
        }

        func settle() {
            while loop.turn() {}
        }

        func send(_ text: String) { stream.send(Array(text.utf8).span) }
    }

    private final class Server: LocalServer {
        weak var client: (any LocalClient)?
        var say: (String) -> Void = { _ in }
        var onReceived: (String) -> Void = { _ in }
        var pendingBytes = 0
        var isInside = false

        func deliver(_ text: String) {
            let bytes = Array(text.utf8)
            client?.deliver(bytes.span)
        }

        func begin(_ client: any LocalClient) {
            self.client = client
            say("begin")
        }

        func received(_ bytes: Span<UInt8>) {
            #expect(!isInside, "it is called inside its own call")
            isInside = true
            let text = bytes.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
            say("server: \(text)")
            onReceived(text)
            isInside = false
        }

        func clientPaused(_ isPaused: Bool) { say(isPaused ? "paused" : "resumed") }
        func ended() { say("server ended") }
    }

    private final class Session: StreamHandler {
        var say: (String) -> Void = { _ in }
        /// How many of the bytes it takes.
        var onReceived: (String) -> Int = { $0.utf8.count }
        var isInside = false

        override func connected(_ stream: ByteStream) { say("connected") }

        override func received(_ bytes: Span<UInt8>, on stream: ByteStream) -> Int {
            #expect(!isInside, "it is called inside its own call")
            isInside = true
            defer { isInside = false }
            let text = bytes.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
            say("session: \(text)")
            return onReceived(text)
        }

        override func drained(_ stream: ByteStream) { say("drained") }
        override func ended(_ stream: ByteStream, _ reason: EndReason) { say("session ended: \(reason)") }
    }

    @Test("the connect is told later, to the session first")
    func connects() {
        let pair = Pair()
        pair.stream.connect()
        #expect(pair.log.isEmpty)
        pair.settle()
        #expect(pair.log == ["connected", "begin"])
    }

    @Test("what the server says while it is spoken to comes in a later turn")
    func noCallback() {
        let pair = Pair()
        pair.connect()
        pair.server.onReceived = { [unowned server = pair.server] in server.deliver("re: \($0)") }
        pair.send("ping")
        #expect(pair.log == ["server: ping"])
        pair.settle()
        #expect(pair.log == ["server: ping", "session: re: ping"])
    }

    @Test("what the server says unasked comes at once, and in order behind what is due")
    func order() {
        let pair = Pair()
        pair.connect()
        pair.server.deliver("one")
        #expect(pair.log == ["session: one"])
        pair.server.onReceived = { [unowned server = pair.server] _ in server.deliver("two") }
        pair.send("ask")
        pair.server.deliver("three")
        #expect(pair.log == ["session: one", "server: ask"])
        pair.settle()
        #expect(pair.log == ["session: one", "server: ask", "session: twothree"])
    }

    @Test("what the session sends while it is delivered to comes behind the delivery")
    func sendsInside() {
        let pair = Pair()
        pair.connect()
        pair.session.onReceived = { [unowned pair] text in
            pair.send("a")
            pair.send("b")
            #expect(pair.stream.pendingBytes == 2)
            #expect(!pair.server.isInside)
            return text.utf8.count
        }
        pair.server.deliver("go")
        #expect(pair.log == ["session: go", "server: ab"])
        #expect(pair.stream.pendingBytes == 0)
    }

    @Test("questions and answers to and fro end, each side never inside its own call")
    func pingPong() {
        let pair = Pair()
        pair.connect()
        var left = 50
        pair.server.onReceived = { [unowned server = pair.server] in server.deliver($0) }
        pair.session.onReceived = { [unowned pair] text in
            left -= 1
            if left > 0 { pair.send("\(left)") }
            return text.utf8.count
        }
        pair.send("50")
        pair.settle()
        #expect(left == 0)
        #expect(pair.log.count == 100)
        #expect(pair.log.last == "session: 1")
    }

    @Test("what the session doesn't take is held, and comes again in front of the next bytes")
    func held() {
        let pair = Pair()
        pair.connect()
        pair.session.onReceived = { $0.utf8.count < 4 ? 1 : $0.utf8.count }
        pair.server.deliver("abc")
        #expect(pair.stream.heldBytes == 2)
        pair.server.deliver("def")
        #expect(pair.log == ["session: abc"])
        pair.settle()
        #expect(pair.log == ["session: abc", "session: bcdef"])
        #expect(pair.stream.heldBytes == 0)
    }

    @Test("a paused session gets nothing until it resumes, in a later turn; the server is told of both once")
    func pauses() {
        let pair = Pair()
        pair.connect()
        pair.stream.pauseReceiving()
        pair.stream.pauseReceiving()
        #expect(pair.stream.isPaused)
        pair.server.deliver("kept")
        pair.server.deliver(" back")
        pair.settle()
        #expect(pair.log == ["paused"])
        #expect(pair.stream.heldBytes == 9)
        pair.stream.resumeReceiving()
        #expect(pair.log == ["paused", "resumed"])
        pair.settle()
        #expect(pair.log == ["paused", "resumed", "session: kept back"])
    }

    @Test("a session that pauses inside a delivery keeps the rest for later")
    func pausesInside() {
        let pair = Pair()
        pair.connect()
        pair.session.onReceived = { [unowned pair] text in
            pair.stream.pauseReceiving()
            return 1
        }
        pair.server.deliver("xyz")
        pair.settle()
        #expect(pair.log == ["session: xyz", "paused"])
        pair.session.onReceived = { $0.utf8.count }
        pair.stream.resumeReceiving()
        pair.settle()
        #expect(pair.log == ["session: xyz", "paused", "resumed", "session: yz"])
    }

    @Test("a hang-up comes behind the bytes said before it, also when they are held or the session is paused")
    func hangsUp() {
        let pair = Pair()
        pair.connect()
        pair.stream.pauseReceiving()
        pair.server.deliver("last")
        pair.server.client?.hangUp()
        pair.settle()
        #expect(pair.log == ["paused"])
        pair.send("too late")
        pair.stream.resumeReceiving()
        pair.settle()
        #expect(
            pair.log == [
                "paused", "resumed", "session: last", "server ended", "session ended: it closed the connection",
            ])
        pair.server.deliver("nobody hears")
        pair.stream.close()
        pair.settle()
        #expect(pair.log.count == 5)
    }

    @Test("a hang-up behind the begin of a packet, which the session doesn't take, ends it all the same")
    func hangsUpInPacket() {
        let pair = Pair()
        pair.connect()
        pair.session.onReceived = { _ in 1 }
        pair.server.deliver("abc")
        pair.server.client?.hangUp()
        pair.settle()
        #expect(
            pair.log == ["session: abc", "session: bc", "server ended", "session ended: it closed the connection"])
    }

    @Test("a session that closes inside a delivery hears nothing more, and the server hears of it once")
    func closesInside() {
        let pair = Pair()
        pair.connect()
        pair.session.onReceived = { [unowned pair] _ in
            pair.send("never sent")
            pair.stream.close()
            return 0
        }
        pair.server.deliver("x")
        pair.server.deliver("y")
        pair.settle()
        #expect(pair.log == ["session: x", "server ended"])
        #expect(pair.stream.heldBytes == 0)
        pair.send("z")
        pair.stream.closeAfterSending(lingering: .seconds(1))
        pair.settle()
        #expect(pair.log == ["session: x", "server ended"])
    }

    @Test("a session that closes before the connect is told hears nothing of it")
    func closesEarly() {
        let pair = Pair()
        pair.stream.connect()
        pair.stream.close()
        pair.settle()
        #expect(pair.log == ["server ended"])
    }

    @Test("pending bytes are the server's and the stream's; drained is passed on")
    func pending() {
        let pair = Pair()
        pair.connect()
        pair.server.pendingBytes = 12
        #expect(pair.stream.pendingBytes == 12)
        pair.server.pendingBytes = 0
        pair.server.client?.drained()
        #expect(pair.log == ["drained"])
    }
}
