import MySQLWire
public import PluginAPI

/// The server's side of one client's connection: greets, checks the login, hands commands to a ``CommandResponder``.
///
/// Everything here belongs to the loop's thread; a responder's thread reaches it through ``CommandReply`` only.
public final class ServerSideSession: ServerSession {
    let settings: ServerSettings
    let id: UInt32
    let peer: String
    let connection: any ServerConnection
    let responder: any CommandResponder
    let outcome = OutcomeBox()

    var machine = ServerMachine()
    var joiner = PacketJoiner(expectedSequence: 1, limit: 64 << 10)
    var scramble: [UInt8] = []
    var login = PendingLogin()
    var capabilities: Capabilities = []
    var status: StatusFlags
    var statements: [UInt32: PreparedStatement] = [:]
    var lastStatementID: UInt32 = 0
    /// The sequence id of the next packet to the client.
    var replySequence: UInt8 = 0

    /// A session for the client with the given connection id and address.
    public init(
        id: UInt32, peer: String, settings: ServerSettings, connection: any ServerConnection,
        responder: any CommandResponder
    ) {
        self.id = id
        self.peer = peer
        self.settings = settings
        status = settings.initialStatus
        self.connection = connection
        self.responder = responder
    }

    /// Sends the greeting.
    public func begin() {
        perform(machine.clientConnected(), payload: [])
    }

    /// Takes whole packets as long as no command runs.
    public func received(_ bytes: Span<UInt8>) -> Int {
        var offset = 0
        collectOutcome()
        while machine.takesPackets {
            guard let packet = nextPacket(in: bytes, from: &offset) else { return offset }
            replySequence = packet.sequence &+ 1
            perform(machine.packetArrived(packet.payload.first.map(Command.init)), payload: packet.payload)
            collectOutcome()
        }
        return machine.phase == .closed ? bytes.count : offset
    }

    /// Whether the responder has admitted the client and no new login is under way.
    public var isLoggedIn: Bool {
        // The responder may have answered since the last bytes came.
        collectOutcome()
        return machine.isLoggedIn
    }

    /// Tells the responder that the client is gone.
    public func ended() {
        machine.clientEnded()
        responder.ended()
    }
}

/// Who wants to be logged in.
struct PendingLogin {
    var user = ""
    var schema: String?
    var gaveResponse = false
}

extension ServerSideSession {
    private func nextPacket(in bytes: Span<UInt8>, from offset: inout Int) -> PacketJoiner.Joined? {
        if machine.phase == .ready, !joiner.isInside { joiner.expectedSequence = 0 }
        do {
            return try joiner.next(in: bytes, from: &offset)
        } catch {
            let header = PacketHeader(bytes, at: offset)
            replySequence = (header?.sequence ?? 0) &+ 1
            let isDisorder = header?.sequence != joiner.expectedSequence
            let answer = isDisorder ? SQLError.packetsOutOfOrder : SQLError.packetTooLarge
            perform(machine.packetRefused(answer, reason: "client: \(error)"), payload: [])
            return nil
        }
    }

    /// Finds out whether the running command has ended.
    private func collectOutcome() {
        guard let outcome = outcome.take() else { return }
        status = outcome.status
        if let count = outcome.parameterCount, !outcome.isError {
            statements[outcome.statementID] = PreparedStatement(parameterCount: count)
        }
        if machine.phase == .admission { joiner = PacketJoiner(expectedSequence: 0, limit: settings.maximumPayload) }
        perform(machine.answered(isError: outcome.isError), payload: [])
    }

    func perform(_ step: ServerMachine.Step, payload: [UInt8]) {
        switch step {
        case .nothing: break
        case .greet: greet()
        case .checkLogin: checkLogin(payload)
        case .checkUserChange: checkUserChange(payload)
        case .checkAnswer(let method): checkAnswer(payload, method)
        case .askAgain(let method): askAgain(method)
        case .admit: responder.admit(user: login.user, schema: login.schema, makeReply(closesOnError: true))
        case .deny: deny()
        case .run(let command): run(command, payload)
        case .close(let reason): connection.close(reason: reason)
        case .reject(let error, let reason):
            send(error.encode())
            connection.close(reason: reason)
        }
    }

    func refuse(_ error: WireError) {
        perform(machine.packetRefused(.malformed(error.description), reason: "client: \(error)"), payload: [])
    }

    /// Sends one payload of the session's own.
    func send(_ payload: [UInt8]) {
        var writer = PacketWriter(sequence: replySequence)
        writer.append(payload)
        replySequence = writer.sequence
        connection.send(writer.take())
    }

    func makeReply(isBinary: Bool = false, closesOnError: Bool = false, statementID: UInt32 = 0) -> CommandReply {
        let reply = CommandReply(
            sequence: replySequence, capabilities: capabilities, isBinary: isBinary, closesOnError: closesOnError,
            connection: connection, outcome: outcome)
        reply.begin(statementID: statementID, status: status)
        return reply
    }
}
