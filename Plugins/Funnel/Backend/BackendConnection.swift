import Accounts
import MySQLWire
import PluginAPI
import Pooling
import ProxyCore
import Streams

/// One connection to a server: logged in as one user, brought to a session's state, and lent to it for a statement.
///
/// It belongs to one loop's thread at a time. The parts are in the extensions: login, the funnel's own commands, closing.
final class BackendConnection: StreamHandler {
    /// What the connection is about.
    enum Phase {
        /// The server's greeting is awaited.
        case connecting
        /// The login is under way.
        case login
        /// Nothing is under way: it rests, or waits for the next command of the session that has it.
        case ready
        /// A command of the funnel's own is answered.
        case asking
        /// A session's command is answered.
        case relaying
        /// It was told to quit, and the server's end is awaited.
        case closing
        /// It is gone.
        case ended
    }

    let pool: BackendPool
    let id: ConnectionID
    let user: UserID
    /// The loop's worker, which has the connection until it ends or moves; another one after a move.
    var worker: FunnelWorker
    var stream: ByteStream?
    var phase = Phase.connecting
    /// What client and server have agreed on.
    var capabilities: Capabilities = []
    /// The server's id of the connection, which KILL wants.
    var serverID: UInt32 = 0

    /// The begin of the connection, while it is under way.
    var handshake: BackendHandshake?
    /// How it has logged in; nil before that.
    var login: BackendLogin?
    /// The settings that are on it.
    var settings: SessionSettings
    /// What sessions have left on it beside settings.
    var state = ConnectionState()
    /// Whether a session has switched the server's session tracking off.
    var lostTracking = false
    /// Whether the translator was told what to tell of changes of the session's state.
    var hasTrackPolicy = false
    /// The statements that are prepared on it.
    var statements = BackendStatements()
    /// The session that used it last, whose ties may be on it.
    private(set) var owner: FunnelSession?
    /// The session that has it.
    var session: FunnelSession?
    /// When the last command of a session went out, and when the first and the last bytes of its answer came.
    var sentAt = MonotonicTime(nanoseconds: 0)
    var firstByteAt: MonotonicTime?
    var lastByteAt = MonotonicTime(nanoseconds: 0)
    /// Bytes of the command and of its answer so far.
    var sentBytes = 0
    var receivedBytes = 0
    /// When its session got it, for this statement or for a pin's time.
    var lentAt = MonotonicTime(nanoseconds: 0)
    /// When the book granted it.
    var grantedAt = MonotonicTime(nanoseconds: 0)
    /// Its lease, which its session may keep between statements.
    let lease: KeptLease
    /// How many kills of its statement are under way.
    var firing = 0
    /// What waits for their end.
    var afterFire: (() -> Void)?
    /// The pins that the book knows of.
    var pins = PinSet()
    /// Whether the lease's session has gone while its statement runs: the answer is dropped.
    var isOrphaned = false

    /// Looks at the answer to the session's command.
    var translator = AnswerTranslator(backend: [], client: [])
    /// The funnel's own command under way.
    var question: Question?

    init(_ id: ConnectionID, of pool: BackendPool, user: UserID, worker: FunnelWorker) {
        self.id = id
        self.pool = pool
        self.user = user
        self.worker = worker
        lease = KeptLease(id)
        settings = worker.funnel.settings.fresh
        super.init()
    }

    /// The address that the server sees, without port.
    var localHost: String {
        guard let address = stream?.localAddress, let colon = address.lastIndex(of: ":") else { return "localhost" }
        return String(address[..<colon])
    }

    /// The session is the one that used it last; for the one before it isn't the last connection any more.
    func belong(to session: FunnelSession?) {
        guard owner !== session else { return }
        if let owner, owner.lastConnection === self { owner.lastConnection = nil }
        owner = session
    }

    // MARK: Events

    /// See ``FunnelWorker/forget(_:)``.
    override var isKeptThroughTurn: Bool { true }

    override func received(_ bytes: Span<UInt8>, on stream: ByteStream) -> Int {
        switch phase {
        case .connecting, .login: return handshakeArrived(bytes)
        case .ready: return unaskedArrived(bytes)
        case .asking: return ownAnswerArrived(bytes)
        case .relaying: return answerArrived(bytes)
        case .closing, .ended: return bytes.count
        }
    }

    override func drained(_ stream: ByteStream) {
        session?.backendDrained()
    }

    override func ended(_ stream: ByteStream, _ reason: EndReason) {
        self.stream = nil
        gone("\(reason)", couldConnect: phase != .connecting || reason == .peerClosed)
    }

    override func deadlinePassed(_ now: MonotonicTime) {
        switch phase {
        case .connecting, .login: gone("it has not let the funnel in in time", couldConnect: phase == .login)
        case .closing: gone("closed", couldConnect: true)
        case .asking: gone("it has not answered in time", couldConnect: true)
        case .ready: session?.silenceEnded(on: self)
        case .relaying: session?.timePassed(on: self)
        case .ended: break
        }
    }

    /// Bytes that nobody has asked for: an ERR before the server closes, or a broken protocol.
    private func unaskedArrived(_ bytes: Span<UInt8>) -> Int {
        guard let header = PacketHeader(bytes), bytes.count >= header.packetLength else { return 0 }
        let packet = bytes.extracting(PacketHeader.size..<header.packetLength)
        let said = (try? ErrorPacket(decoding: packet))?.error
        gone(said.map { "it said: \($0.message)" } ?? "it spoke unasked", couldConnect: true)
        return bytes.count
    }

    // MARK: A session's command

    /// Sends a session's command; its answer goes to the session.
    ///
    /// - Parameters:
    ///   - packets: the command's packets, headers included; ``translator`` knows of it already.
    ///   - now: the time.
    func run(_ packets: Span<UInt8>, at now: MonotonicTime) {
        phase = .relaying
        if deadline != nil { worker.loop.setDeadline(nil, for: self) }
        sentAt = now
        firstByteAt = nil
        (sentBytes, receivedBytes) = (packets.count, 0)
        // Not retained: the stream's `send` calls nobody, so that it stays what is held here.
        stream.map(Unmanaged.passUnretained)?._withUnsafeGuaranteedRef { $0.send(packets) }
    }

    /// What the answer has told.
    var summary: ResultSummary { translator.scanner.summary }

    /// The status that the answer has told; nil where none came.
    var toldStatus: StatusFlags? { translator.scanner.hasStatus ? summary.status : nil }

    /// The summary of an answer that says nothing else of importance to those who would read it once more.
    private var plainSummary: ResultSummary? {
        let summary = translator.scanner.summary
        guard translator.scanner.hasStatus, summary.results == 1, !summary.isError, summary.statementID == 0,
            !summary.status.contains(.sessionStateChanged)
        else { return nil }
        return summary
    }

    /// Has answers go through the translator for clients with those capabilities.
    func setTranslator(to client: Capabilities) {
        guard translator.backend != capabilities || translator.client != client else { return }
        translator = AnswerTranslator(backend: capabilities, client: client)
    }

    /// Sends commands that are not answered.
    func send(_ payloads: some Sequence<[UInt8]>) {
        for payload in payloads {
            var writer = PacketWriter()
            writer.append(payload)
            let packets = writer.take()
            stream?.send(packets.span)
        }
    }

    /// Sends what the client says while its command is answered: the packets of a file, or anything in an endless stream.
    func relay(_ bytes: Span<UInt8>, isFile: Bool) {
        if isFile, let last = bytes.lastPacketSequence {
            translator.clientAnswered(lastSequence: last, clientSequence: last &+ 1)
        }
        sentBytes += bytes.count
        stream?.send(bytes)
    }

    private func answerArrived(_ bytes: Span<UInt8>) -> Int {
        // Given back at the end of its answer, the connection may belong to another loop's thread before this returns.
        let worker = worker
        lastByteAt = worker.loop.now
        if firstByteAt == nil { firstByteAt = lastByteAt }
        var output = worker.takeOutputBuffer()
        let step = translator.received(bytes, into: &output)
        receivedBytes += step.consumed
        if case .violation(let violation) = step.event {
            worker.giveBack(outputBuffer: consume output)
            gone("it \(violation)", couldConnect: true)
            return bytes.count
        }
        let isEnded = step.event == .ended
        // What follows the answer was not asked for, and whoever gets the connection next must not take it for an answer.
        let isSpoilt = isEnded && step.consumed < bytes.count
        let session = session
        let whole = isEnded && receivedBytes == step.consumed ? plainSummary : nil
        let isDelivered = !isEnded || answerEnded(session, isSpoilt)
        if isDelivered {
            switch step.form {
            case .unchanged: session?.deliver(bytes.extracting(0..<step.consumed), step.event, whole: whole)
            case .rewritten: session?.deliver(output.span, step.event, whole: whole)
            }
        }
        worker.giveBack(outputBuffer: consume output)
        return isSpoilt ? bytes.count : step.consumed
    }

    /// - Returns: whether the session's client gets the end of the answer.
    private func answerEnded(_ session: FunnelSession?, _ isSpoilt: Bool) -> Bool {
        phase = .ready
        // The statement's time, which ends with it.
        if deadline != nil { worker.loop.setDeadline(nil, for: self) }
        var isDelivered = false
        if isSpoilt {
            // Nobody gets the connection any more; the session's answer is whole all the same.
            session?.answerOnLostConnection(self)
            gone("it spoke unasked", couldConnect: true)
            isDelivered = true
        } else if let session {
            isDelivered = session.answerEnded(on: self)
        } else {
            orphanEnded()
        }
        return isDelivered
    }

    // MARK: The end

    /// The connection is of no more use; whoever it concerns is told.
    func gone(_ reason: String, couldConnect: Bool, refusal: SQLError? = nil) {
        guard phase != .ended else { return }
        let before = phase
        phase = .ended
        stream?.close()
        stream = nil
        worker.loop.setDeadline(nil, for: self)
        worker.forget(self)
        if before != .closing { pool.forgetApplied() }
        switch before {
        case .connecting, .login:
            worker.openFailed(self, reason, couldConnect: couldConnect, refusal: refusal)
        case .closing:
            closed()
        case .ready, .asking, .relaying:
            worker.log(.info) { "a connection to \(self.pool.backend.endpoint) is lost: \(reason)" }
            endLease { book, now, steps in book.lost(id, now: now, &steps) }
            tellOfLoss(reason, wasAnswering: before == .relaying)
        case .ended:
            break
        }
        belong(to: nil)
    }

    private func tellOfLoss(_ reason: String, wasAnswering: Bool) {
        let question = question
        self.question = nil
        let session = session
        self.session = nil
        if let session {
            session.connectionLost(self, reason, wasAnswering: wasAnswering)
        } else {
            owner?.restingConnectionLost(self)
        }
        question?.completion(nil)
    }
}

extension Span<UInt8> {
    /// The sequence id of the last packet that begins in these bytes; nil where none does.
    fileprivate var lastPacketSequence: UInt8? {
        var offset = 0
        var last: UInt8?
        while let header = PacketHeader(self, at: offset) {
            last = header.sequence
            offset += header.packetLength
        }
        return last
    }
}
