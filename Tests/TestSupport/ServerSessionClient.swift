import Dispatch
public import MySQLWire
public import PluginAPI
import Synchronization

/// A server session's connection that keeps what is sent.
public final class CollectingConnection: ServerConnection {
    private struct State {
        var bytes: [UInt8] = []
        var closeReasons: [String] = []
        var isClientThere = true
        var longestWait = 0
    }

    private let state = Mutex(State())
    private let resumed = DispatchSemaphore(value: 0)

    /// A connection to which nothing was sent.
    public init() {}

    /// Keeps the bytes.
    public func send(_ bytes: [UInt8]) {
        state.withLock { $0.bytes += bytes }
    }

    /// Keeps the bytes; says whether the client was declared dead.
    public func sendWaiting(_ bytes: [UInt8]) -> Bool {
        state.withLock { state in
            if state.isClientThere { state.bytes += bytes }
            state.longestWait = max(state.longestWait, bytes.count)
            return state.isClientThere
        }
    }

    /// Wakes who waits for the session.
    public func resume() { resumed.signal() }

    /// Keeps the reason.
    public func close(reason: String) {
        state.withLock { $0.closeReasons.append(reason) }
    }

    /// Everything sent since the last call.
    public func take() -> [UInt8] {
        state.withLock { state in
            defer { state.bytes = [] }
            return state.bytes
        }
    }

    /// Waits until the session has asked for bytes; false after ten seconds.
    public func waitForResume() -> Bool { resumed.wait(timeout: .now() + 10) == .success }

    /// Why the session has closed the connection; empty where it has not.
    public var closeReasons: [String] { state.withLock { $0.closeReasons } }

    /// The largest piece that was sent with waiting.
    public var longestWait: Int { state.withLock { $0.longestWait } }

    /// From now on the client is gone.
    public func die() {
        state.withLock { $0.isClientThere = false }
    }
}

/// A MySQL client that talks to a server session without sockets.
public final class ServerSessionClient {
    /// The session under test.
    public let session: any ServerSession
    /// The session's way back.
    public let connection: CollectingConnection
    /// What is asked for at the login.
    public var capabilities: Capabilities

    private var held: [UInt8] = []

    /// A client of the given session, which has not begun.
    public init(
        session: any ServerSession, connection: CollectingConnection,
        capabilities: Capabilities = [
            .longPassword, .protocol41, .secureConnection, .pluginAuth, .deprecateEOF, .transactions,
            .multiStatements, .multiResults,
        ]
    ) {
        self.session = session
        self.connection = connection
        self.capabilities = capabilities
    }

    /// Feeds bytes as a stream does: what isn't consumed comes again.
    public func feed(_ bytes: [UInt8]) {
        held += bytes
        held.removeFirst(session.received(held.span))
    }

    /// The payloads sent since the last call.
    public func payloads() throws -> [[UInt8]] {
        let bytes = connection.take()
        var joiner = PacketJoiner()
        var offset = 0
        var payloads: [[UInt8]] = []
        while let packet = try joiner.next(in: bytes.span, from: &offset) { payloads.append(packet.payload) }
        return payloads
    }

    /// Begins the session and takes its greeting.
    public func greeting() throws -> Greeting {
        session.begin()
        return try Greeting(payload: try payloads().first ?? [])
    }

    /// Sends one packet with the given sequence id.
    public func send(_ payload: [UInt8], sequence: UInt8 = 0) {
        var writer = PacketWriter(sequence: sequence)
        writer.append(payload)
        feed(writer.take())
    }

    /// Logs in without a password and waits for the answer.
    public func logIn(user: String = "root", schema: String? = nil) throws -> [[UInt8]] {
        _ = try greeting()
        var request = LoginRequest(capabilities: capabilities, collation: 45, user: user, authResponse: [])
        request.schema = schema
        if schema != nil { request.capabilities.insert(.connectWithSchema) }
        request.authMethod = "mysql_native_password"
        send(request.encode(), sequence: 1)
        return connection.waitForResume() ? try payloads() : []
    }

    /// Sends a command and waits for its answer.
    public func ask(_ payload: [UInt8]) throws -> [[UInt8]] {
        send(payload)
        guard connection.waitForResume() else { return [] }
        feed([])
        return try payloads()
    }
}
