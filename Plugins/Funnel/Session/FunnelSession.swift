import Accounts
import MySQLWire
import PluginAPI
import Pooling
import ProxyCore
import SQLText
import Streams

/// One client of the funnel: the server that it talks to, and the lessee of the connections that its statements run on.
///
/// The parts are in the extensions: login, commands, leases, what is done on a connection before and after a command.
final class FunnelSession: LocalServer, Lessee {
    /// What the session is about.
    enum Phase {
        /// The client's login is awaited, or under way.
        case login
        /// The next command is awaited.
        case ready
        /// A command waits for a connection.
        case waiting
        /// A connection is brought to the session's state.
        case preparing
        /// The command's answer is awaited.
        case running
        /// The client is gone, or was told goodbye.
        case ended
    }

    let id: SessionID
    let session: Session
    /// The loop's worker, which has the session until it ends.
    let worker: FunnelWorker
    var client: (any LocalClient)?
    var phase = Phase.login

    // Who the client is.
    var login: ClientLogin
    /// What is asked of the login under way; nil between logins.
    var attempt: LoginAttempt?
    /// What client and funnel have agreed on.
    var capabilities: Capabilities = []
    var userName = ""
    var user = UserID(0)
    var account = UserID(0)
    /// The settings that its login has given it.
    var loginSettings: SessionSettings
    /// The user among whose clients it is counted.
    var countedUser: String?

    // Its state.
    var settings: SessionSettings
    var ties = SessionTies()
    var statements = ClientStatements()
    /// What it is told of changes of its state, where it has chosen that itself; nil for the usual.
    var trackPolicy: TrackPolicy?
    /// The transactions that it has made, where query rules ask for them; nil for most sessions.
    var seenTransactions: SeenTransactions?
    /// The flags of the last answer.
    var status: StatusFlags = .autocommit

    // Its connections.
    /// The connection that it has.
    var connection: BackendConnection?
    /// The connection that it had last, where nobody else has had it since.
    ///
    /// It and the connection's `owner` and `session` are strong, since a weak reference to an object makes every other
    /// one slow; they are cut by ``BackendConnection/belong(to:)`` and where sessions and connections end.
    var lastConnection: BackendConnection?
    /// The pool whose answer is awaited, and the request's number there.
    var request: (pool: BackendPool, waiter: WaiterID?)?
    /// Whether what it has left on its last connection is being read.
    var isBeingCaptured = false
    /// What waits for that.
    var afterCapture: (() -> Void)?
    /// What the client must be told of, at its next command: a connection that broke with its state.
    var loss: String?

    // The command.
    /// The command under way.
    var running: RunningCommand?
    /// Bytes of the client's that are no whole command yet, or came while another one runs.
    var incoming: [UInt8] = []
    /// Whether the server has asked for a file: bytes go straight on to it.
    var sendsFile = false
    /// Whether a query rule has switched multiplexing off, and none has switched it on again.
    var isMultiplexingOff = false
    // A KILL under way: the loops that have not answered, and what came of it so far.
    var awaitedKills = 0
    var killOutcome = KillOrder.Outcome.unknownID
    var killTarget: UInt64 = 0
    /// Whether both ways are relayed without a look until the end.
    var isEndless = false

    init(_ session: Session, on worker: FunnelWorker) {
        self.session = session
        self.worker = worker
        id = SessionID(session.id)
        login = ClientLogin(scramble: [], host: "")
        loginSettings = worker.funnel.settings.fresh
        settings = loginSettings
    }

    /// Runs the body over the ties in their place: as an argument they would be copied, every collection with them, since
    /// they are an object's.
    func withTies<Answer>(_ body: (inout SessionTies) -> Answer) -> Answer { body(&ties) }

    // MARK: The client's side

    func begin(_ client: any LocalClient) {
        self.client = client
        greet()
    }

    func received(_ bytes: Span<UInt8>) {
        switch phase {
        case .ended: return
        case .running where sendsFile || isEndless: return relayToBackend(bytes)
        case .login, .ready, .waiting, .preparing, .running: break
        }
        if phase == .ready, incoming.isEmpty, bytes.isOneCommand {
            commandArrived(bytes)
        } else {
            bytes.withUnsafeBufferPointer { incoming.append(contentsOf: $0) }
            takeIncoming()
        }
    }

    /// Deals with what came early or in pieces, as far as it may be looked at now.
    func takeIncoming() {
        while !incoming.isEmpty {
            let bytes = incoming
            let length = bytes.span.commandLength
            guard length > 0 else { return }
            switch phase {
            case .ready:
                incoming = length == bytes.count ? [] : Array(bytes[length...])
                commandArrived(bytes.span.extracting(0..<length))
            case .login where attempt?.isLookingUp != true:
                incoming = length == bytes.count ? [] : Array(bytes[length...])
                loginPacketArrived(bytes.span.extracting(0..<length))
            case .login, .waiting, .preparing, .running, .ended: return
            }
        }
    }

    private func relayToBackend(_ bytes: Span<UInt8>) {
        connection?.relay(bytes, isFile: sendsFile)
    }

    func clientPaused(_ isPaused: Bool) {
        guard phase == .running, let stream = connection?.stream else { return }
        if isPaused { stream.pauseReceiving() } else { stream.resumeReceiving() }
    }

    // A command is collected whole, so that its beginning doesn't count as pending: the rest has to come.
    var pendingBytes: Int { phase == .running ? connection?.stream?.pendingBytes ?? 0 : 0 }

    /// The backend has taken what was pending for it.
    func backendDrained() {
        guard phase == .running, incoming.isEmpty else { return }
        client?.drained()
    }

    /// The client is gone.
    func ended() {
        guard phase != .ended else { return }
        let before = phase
        phase = .ended
        worker.leave(self)
        leaveAccount()
        client = nil
        afterCapture = nil
        leaveBacklog()
        leaveConnection(wasRunning: before == .running || before == .preparing)
        session.backend = nil
    }

    // MARK: Answers of the funnel's own

    func say(_ payloads: [[UInt8]]) {
        say { writer in
            for payload in payloads { writer.append(payload) }
        }
    }

    /// Gives the client packets of the funnel's own as the answer to the command under way.
    func say(_ write: (inout PacketWriter) -> Void) {
        var writer = PacketWriter(sequence: (running?.lastSequence ?? 0) &+ 1)
        write(&writer)
        running = nil
        phase = .ready
        let bytes = writer.take()
        client?.deliver(bytes.span)
        takeIncoming()
    }

    func say(_ error: SQLError) {
        ties.memory.last.failedHere(error)
        (connection ?? lastConnection)?.state.passedOver()
        say([error.encode()])
    }

    func sayOK() {
        ties.memory.last.answeredByOK()
        (connection ?? lastConnection)?.state.disturbed()
        say([OKPacket(status: status).encode(capabilities: capabilities)])
    }

    /// Tells the client and hangs up.
    func dismiss(_ error: SQLError) {
        say([error.encode()])
        client?.hangUp()
    }
}

extension Span<UInt8> {
    /// Bytes of the first command, headers included; 0 where it isn't whole.
    var commandLength: Int {
        var offset = 0
        while let header = PacketHeader(self, at: offset) {
            offset += header.packetLength
            guard offset <= count else { return 0 }
            if !header.isContinued { return offset }
        }
        return 0
    }

    /// Whether the bytes are exactly one command.
    var isOneCommand: Bool { commandLength == count && count > PacketHeader.size }

    /// The payload of a whole command, its parts joined.
    var joinedPayload: [UInt8] {
        var payload: [UInt8] = []
        payload.reserveCapacity(count)
        var offset = 0
        while let header = PacketHeader(self, at: offset) {
            let part = extracting(offset + PacketHeader.size..<Swift.min(offset + header.packetLength, count))
            part.withUnsafeBufferPointer { payload.append(contentsOf: $0) }
            offset += header.packetLength
        }
        return payload
    }
}
