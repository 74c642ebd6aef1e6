import MySQLWire
import PluginAPI
import Pooling
import Streams

/// What plugins expect around them, as far as their hooks need it.
final class Surroundings: PluginHost {
    let backends = BackendSet()
    let administration = Administration()
    let offeredBackend: Endpoint? = nil
    let scriptPaths = ScriptPaths()

    func listen(on endpoint: Endpoint, for service: Service) {}
    func offerBackend(_ endpoint: Endpoint) {}
    func log(_ level: LogLevel, _ message: @autoclosure () -> String) {}
    func requestShutdown() {}
}

/// An event loop on which nothing happens.
final class StillLoop: LoopContext {
    let index = 0
    let now = MonotonicTime(nanoseconds: 1_000_000_000)
    let mailbox: any LoopMailbox = NoMailbox()

    func parkedConnections(to backend: Backend, user: [UInt8]) -> Int { 0 }
    func schedule(at time: MonotonicTime, _ job: @escaping () -> Void) {}
    func connect(to endpoint: Endpoint, timeout: TimeSpan, handler: StreamHandler, tag: UInt8) -> ByteStream {
        ByteStream(handler: handler, tag: tag)
    }
    func setDeadline(_ deadline: MonotonicTime?, for handler: StreamHandler) {}
    func detach(_ stream: ByteStream) -> (any DetachedStream)? { nil }
    func adopt(_ stream: any DetachedStream, handler: StreamHandler, tag: UInt8) -> ByteStream? { nil }
    func probe(_ endpoint: Endpoint, timeout: TimeSpan, _ completion: @escaping (Bool) -> Void) {}
}

private final class NoMailbox: LoopMailbox {
    func post(_ job: @escaping @Sendable () -> Void) {}
}

/// A client that has logged in.
final class LoggedInSession: Session {
    init(schema: String) {
        super.init(id: 1, slot: 0, generation: 1, clientAddress: "10.1.1.1:5000", listenerAddress: "10.9.9.9:6033")
        greeting = Greeting(
            serverVersion: "5.5.5-10.11.6-MariaDB", connectionID: 77, scramble: Array("01234567890123456789".utf8),
            capabilities: Packets.capabilities, collation: 45, status: .autocommit, authMethod: "native")
        login = LoginRequest(
            capabilities: Packets.capabilities, collation: 45, user: "ada", authResponse: [], schema: schema,
            authMethod: "native")
        schemaBytes = Array(schema.utf8)
        status = .autocommit
        isLoggedIn = true
    }

    override var capabilities: Capabilities { Packets.capabilities }
}
