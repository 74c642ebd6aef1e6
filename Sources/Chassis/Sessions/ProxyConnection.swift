package import EventLoop
import MySQLWire
import PluginAPI
package import Pooling
import ProxyCore

/// One client and its backend connection: performs on streams what the session machine answers.
///
/// This file walks the events in; `+Perform` does the steps, `+Consult` asks the hooks.
package final class ProxyConnection: StreamHandler {
    /// The `tag` of the client's stream.
    static let clientTag: UInt8 = 0
    /// The `tag` of the backend's stream.
    static let backendTag: UInt8 = 1
    /// Above so many bytes pending at one peer, the other one is not read from.
    static let highWater = 256 << 10
    /// Above so many bytes that the client has sent ahead, it is not read from.
    static let readAhead = 64 << 10

    // In an order that leaves no gaps: there may be many that rest.
    /// Bytes pending when the deadline was last set: fewer at its passing tell a slow peer from a stalled one.
    private var pendingWhenArmed: UInt32 = 0
    /// The session as hooks see it.
    package let session: ProxySession
    let context: SessionContext
    /// Set at once after init, and for the whole life of the connection.
    var client: ByteStream?
    /// Nil before the connect phase and without a backend.
    var backend: ByteStream?
    /// The statement under way; nil where no plugin has hooks for statements.
    let statements: StatementProgress?
    /// What is kept account of for the sake of parking; nil where no plugin has a query hook.
    let tracker: SessionTracker?
    /// What a session without hooks has at its begin and its end only.
    var interlude: Interlude?
    /// When the client and the backend have last sent something.
    var (clientSpoke, backendSpoke) = (MonotonicTime(nanoseconds: 0), MonotonicTime(nanoseconds: 0))
    var machine: SessionMachine
    /// Whether a server inside the process stands in the backend's place.
    var isServedLocally = false
    /// The phase whose hooks are asked at this moment.
    var consulting: Phase?
    /// Whether a plugin wants the session closed after the answer under way.
    var closesAfterResult = false
    var isEnded = false
    /// Whether a peer may have bytes pending, or the client's bytes wait; else there is no flow to control.
    var isCongested = false
    /// Whether the deadline is the end of silence: bytes move that, which is looked at when it passes.
    private var isSilenceTimed = false

    package init(session: ProxySession, context: SessionContext) {
        self.session = session
        self.context = context
        (clientSpoke, backendSpoke) = (context.loop.now, context.loop.now)
        machine = SessionMachine(subscribed: context.chains.subscribed)
        // Whoever decides on statements wants to know the session's schema.
        let subscribed = context.chains.subscribed
        let isTracked = subscribed.contains(Phase.query) || subscribed.contains(Phase.statement)
        statements = subscribed.contains(Phase.statement) ? StatementProgress() : nil
        tracker = isTracked ? SessionTracker(session: session) : nil
        super.init()
        session.connection = self
        loginDeadline = context.loop.now + timeouts.login
    }

    var timeouts: ProxyTimeouts { session.entrance.timeouts }

    /// The client's stream is there; the session begins.
    package func begin(client: ByteStream) {
        self.client = client
        perform(machine.clientAccepted())
        rearm()
    }

    // MARK: Events

    /// See `SessionContext.retire`.
    override package var isKeptThroughTurn: Bool { true }

    override package func received(_ bytes: Span<UInt8>, on stream: ByteStream) -> Int {
        let isClient = stream.tag == Self.clientTag
        var offset = 0
        while offset < bytes.count, !isEnded, hold == nil || hold?.isResumed == true, isClient || stream === backend {
            // A plugin's answers don't wait for a backend: the client must take them before it may go on.
            if isClient, isCongested, machine.state == .readQuery, pendingBytes.toClient > Self.highWater { break }
            let rest = bytes.extracting(offset..<bytes.count)
            let isCommand = isClient && machine.state == .readQuery
            let answer =
                isClient
                ? machine.clientReceived(rest)
                : tracker == nil ? answer(to: rest) : trackedAnswer(to: rest)
            guard answer.consumed > 0 || answer != .wait else { break }
            let isDecided = perform(answer, rest)
            // A packet that a hook wants to wait with comes again; an injected query's answer is kept by then.
            if isDecided || answer.consult == .result { offset += answer.consumed }
            guard isDecided, answer.consumed > 0 else { break }
            if isCommand { context.counters.commands &+= 1 }
        }
        context.counters.received(offset, isClient: isClient, isServedLocally: isServedLocally)
        if !isClient, stream !== backend, offset < bytes.count { context.parked.discard(stream) }
        guard !isEnded else { return bytes.count }
        afterEvent(unconsumed: bytes.count - offset, isClient: isClient)
        return offset
    }

    /// What the machine makes of the backend's bytes; a server inside the process may have read them already.
    func answer(to bytes: Span<UInt8>) -> Answer {
        if isServedLocally, let summary = (backend as? LocalStream)?.toldSummary,
            let answer = machine.answerReceived(whole: bytes.count, summary)
        {
            return answer
        }
        return machine.backendReceived(bytes)
    }

    override package func connected(_ stream: ByteStream) {
        session.backend?.state = .up
        greetingDeadline = context.loop.now + TimeSpan(nanoseconds: timeouts.login.nanoseconds / 2)
        perform(machine.backendConnected())
        rearm()
    }

    override package func drained(_ stream: ByteStream) {
        guard hold == nil else { return }
        if stream.tag == Self.clientTag {
            backend?.resumeReceiving()
            if machine.isClientsTurn, !isBackendFull { client?.resumeReceiving() }
        } else {
            client?.resumeReceiving()
        }
        rearm()
    }

    override package func ended(_ stream: ByteStream, _ reason: EndReason) {
        guard !isEnded else { return }
        if stream.tag == Self.clientTag {
            perform(machine.clientLost())
            return
        }
        switch machine.state {
        case .connectServer, .readHandshake:
            backendFailed(reason)
        case .initial, .readAuth, .readAuthResult, .readAuthOldPassword, .readQuery, .sendQuery, .prepareBackend,
            .readQueryResult, .readLocalInfileData, .endlessResult, .closed:
            perform(machine.backendLost(isCommandHeld: isCommandHeld))
        }
    }

    override package func deadlinePassed(_ now: MonotonicTime) {
        guard !isEnded else { return }
        if isSilenceTimed, silenceEnd > now { return context.loop.setDeadline(silenceEnd, for: self) }
        if let hold, !hold.isResumed, hold.until <= now {
            if hold.phase == .statement { return delayEnded() }
            perform(machine.holdExpired())
            return
        }
        if let limit = statements?.deadline, limit <= now {
            perform(machine.statementTimedOut())
            return
        }
        if machine.state == .readHandshake, now < loginDeadline {
            // It takes connections and says nothing: another one may still serve the client in time.
            backendFailed(.connectTimeout)
            return rearm()
        }
        let pending = pendingBytes
        guard pending.total == 0 || pending.total >= Int(pendingWhenArmed) else {
            // It takes its bytes, if slowly.
            return rearm()
        }
        let stalled: SessionMachine.Side? = pending.toClient > 0 ? .client : pending.toBackend > 0 ? .backend : nil
        perform(machine.deadlinePassed(stalled: stalled))
    }

    /// The process drains.
    package func drain() {
        guard !isEnded else { return }
        perform(machine.drainRequested(isCommandHeld: isCommandHeld))
    }

    /// The process ends now.
    package func endAtOnce() {
        guard !isEnded else { return }
        perform(machine.closeRequested())
    }

    // MARK: Between events

    /// Bookkeeping after bytes: flow control, whose turn it is, the deadline.
    func afterEvent(unconsumed: Int, isClient: Bool) {
        if isClient { clientSpoke = context.loop.now } else { backendSpoke = context.loop.now }
        if isClient, unconsumed > 0 { isCongested = true }
        if isCongested {
            controlFlow(unconsumed: unconsumed, isClient: isClient)
        } else if !isSilenceTimed || statements?.deadline != nil {
            rearm(0)
        }
    }

    private func controlFlow(unconsumed: Int, isClient: Bool) {
        guard let client else { return }
        // Asked once: nothing is sent or delivered below but in a later turn.
        let pending = pendingBytes
        if isClient {
            if max(pending.toBackend, pending.toClient) > Self.highWater { client.pauseReceiving() }
            if unconsumed > Self.readAhead, !machine.isClientsTurn { client.pauseReceiving() }
        } else {
            if pending.toClient > Self.highWater { backend?.pauseReceiving() }
            // What came early waits in the client's stream.
            if machine.isClientsTurn, client.heldBytes > 0 || client.isPaused,
                max(pending.toBackend, pending.toClient) <= Self.highWater
            {
                client.resumeReceiving()
            }
        }
        isCongested = pending.total > 0 || isClient && unconsumed > 0 || client.heldBytes > 0 || client.isPaused
        rearm(pending.total)
    }

    /// Bytes that the peers have not taken yet.
    private var pendingBytes: (toClient: Int, toBackend: Int, total: Int) {
        let toClient = client?.pendingBytes ?? 0
        let toBackend = backend?.pendingBytes ?? 0
        return (toClient, toBackend, toClient + toBackend)
    }

    private var isBackendFull: Bool { (backend?.pendingBytes ?? 0) > Self.highWater }

    /// Whether a hook wants to wait with the client's command.
    var isCommandHeld: Bool { hold?.phase == .query || hold?.phase == .statement }

    /// Moves the one deadline to the end of the wait that is on now.
    ///
    /// - Parameter pending: the bytes that the peers have not taken yet, where the caller knows.
    func rearm(_ pending: Int? = nil) {
        guard !isEnded else { return }
        isSilenceTimed = false
        var deadline: MonotonicTime
        if let hold, !hold.isResumed {
            deadline = hold.until
        } else if machine.state == .readHandshake {
            deadline = min(greetingDeadline, loginDeadline)
        } else if machine.state.isBeforeLogin, !machine.isLoggedIn {
            deadline = loginDeadline
        } else {
            pendingWhenArmed = UInt32(clamping: pending ?? pendingBytes.total)
            deadline = context.loop.now + (pendingWhenArmed > 0 ? timeouts.write : timeouts.read)
            isSilenceTimed = pendingWhenArmed == 0
            if let limit = statements?.deadline, limit < deadline {
                deadline = limit
                isSilenceTimed = false
            }
        }
        context.loop.setDeadline(deadline, for: self)
    }

    /// There is no deadline until the next event.
    func disarm() {
        isSilenceTimed = false
        context.loop.setDeadline(nil, for: self)
    }

    /// When both peers have been silent for too long.
    private var silenceEnd: MonotonicTime { max(clientSpoke, backendSpoke) + timeouts.read }
}
