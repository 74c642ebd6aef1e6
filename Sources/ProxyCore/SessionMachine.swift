public import MySQLWire

/// One proxied session as a value: every event goes in, one small answer comes out; no I/O, no clock, no buffer.
///
/// Bytes stay with the driver. `clientReceived` and `backendReceived` are given what that side has sent and was not
/// consumed yet; the answer says how much of it is dealt with and what becomes of it. The driver calls again until
/// nothing more is consumed. Where an answer consults a phase, the driver asks the hooks and tells the verdict by the
/// matching `…Decided`; until then the machine has not moved, so a hook that wants to wait simply is not answered for
/// and the same bytes are presented again later.
///
/// Calls come in three kinds: what a correct driver never does is an assertion; what a peer must not do ends the
/// session with an ``EndCause``; what races make possible (an event after the end) is dropped silently.
public struct SessionMachine: BitwiseCopyable, Equatable, Sendable {
    // In an order that leaves no gaps: there may be many that rest.
    /// The result scanner of the login's and the commands' answers.
    public internal(set) var scanner = ResultScanner(capabilities: [])
    /// Where the session is.
    public internal(set) var state = ConnectionState.initial
    /// What client and backend have agreed on; empty before the login.
    public internal(set) var capabilities: Capabilities = []
    /// The flags taken out of the greeting, or never offered.
    var offered: Capabilities = []
    /// The command under way.
    var command = CommandProgress()
    /// The server's status flags, as of the last answer that told them.
    public internal(set) var status: StatusFlags = []
    /// Whether a backend is connected and greeted.
    public internal(set) var isAttached = false
    /// Whether the login has succeeded.
    public internal(set) var isLoggedIn = false
    /// Whether the session ends as soon as nothing is under way.
    public internal(set) var isDraining = false
    /// Whether the session's backend connection was given away, so that a command must find another one.
    public internal(set) var isParked = false
    /// Whether the client was greeted by a parked connection, which its login takes over by COM_CHANGE_USER.
    public internal(set) var isReused = false
    /// Whether the client's login waits for a new connection, since the parked one that greeted it doesn't fit.
    public internal(set) var isGreeted = false
    /// What a taken connection needs before a command may go to it.
    public internal(set) var preparation: BackendPreparation = []
    /// Whether the session ended where the backend had nothing under way.
    public internal(set) var endedBetweenCommands = false
    /// What of ``preparation`` the waiting command makes needless.
    var skipped: BackendPreparation = []
    /// The sequence id expected of the client's next packet within a login or a file.
    var clientSequence: UInt8 = 0
    /// The phases that have hooks.
    let subscribed: PhaseSet

    /// The command under way, or the last one; COM_SLEEP before the first.
    public var currentCommand: Command { command.command }

    /// A session whose given phases have hooks.
    public init(subscribed: PhaseSet) {
        self.subscribed = subscribed
    }

    /// The flags that are taken out of every greeting: what a relay of plain packets can't follow.
    public static let withheldCapabilities: Capabilities = [.ssl, .compress, .zstdCompression]

    /// The longest login packet that is accepted, in bytes of payload.
    public static let maximumLogin = 1 << 20

    /// The longest command that is collected for the query hooks, in bytes with headers: max_allowed_packet's maximum.
    public static let maximumCommand = 1 << 30
}

/// What is known of the command under way.
struct CommandProgress: BitwiseCopyable, Equatable, Sendable {
    /// Bytes of the present packet that have not come from the client yet: 16 MB at most.
    private var missing: UInt32 = 0
    /// Its first byte.
    var command = Command.sleep
    /// Whether another packet continues the present one.
    var isContinued = false
    /// The sequence id of the last packet seen.
    var lastSequence: UInt8 = 0
    /// Whether the client has had an answer to it, or the beginning of one, or expects none.
    var isAnswered = false
    /// Whether the answer under way belongs to an injected query.
    var isInjected = false
    /// What becomes of the answer under way.
    var delivery = Delivery.relay
    /// Whether the whole answer came before the whole command.
    var isAnsweredEarly = false

    /// Bytes of the present packet that have not come from the client yet.
    var remaining: Int {
        get { Int(missing) }
        set { missing = UInt32(truncatingIfNeeded: newValue) }
    }

    /// Whether the client waits for an answer, or for the rest of one that is relayed as it comes.
    var owesAnswer: Bool { !isAnsweredEarly && (!isAnswered || delivery == .relay) }
}

/// What becomes of an answer's bytes.
enum Delivery: UInt8, BitwiseCopyable, Sendable {
    /// They go to the client as they come.
    case relay
    /// They are kept for the result hook.
    case keep
    /// They are dropped: the client has its answer already.
    case discard
}

// MARK: Connecting

extension SessionMachine {
    /// The client is accepted: asks where to.
    public mutating func clientAccepted() -> Answer {
        assert(state == .initial)
        state = .connectServer
        return Answer(consult: .connect)
    }

    /// The connect hooks have named a backend.
    public mutating func backendChosen() -> Answer {
        assert(state == .connectServer)
        return Answer(backend: .connect)
    }

    /// The connect hooks greet the client themselves, and no backend is attached.
    public mutating func greetingGiven(capabilities: Capabilities) -> Answer {
        assert(state == .connectServer)
        state = .readAuth
        offered = capabilities.subtracting(Self.withheldCapabilities)
        clientSequence = 1
        return Answer(client: .send(sequence: 0))
    }

    /// The backend's connection is there.
    public mutating func backendConnected() -> Answer {
        guard state == .connectServer else { return .wait }
        state = .readHandshake
        return .wait
    }

    /// The backend did not take the connection, or closed it before its greeting: asks where to, once more.
    public mutating func connectFailed() -> Answer {
        guard state == .connectServer || state == .readHandshake else { return .wait }
        if isGreeted { return ended(.backendLost(state), client: notice(.backendLost)) }
        state = .connectServer
        return Answer(consult: .connect)
    }

    /// Hooks refuse the session; the driver sends their error as the given payload.
    public mutating func refused() -> Answer {
        let sequence = nextSequenceForClient
        return ended(.plugin, client: .send(sequence: sequence))
    }
}

// MARK: Bytes

extension SessionMachine {
    /// The client has sent these bytes, not consumed so far.
    public mutating func clientReceived(_ bytes: Span<UInt8>) -> Answer {
        switch state {
        case .readQuery: commandReceived(bytes)
        case .sendQuery: commandContinued(bytes)
        case .readLocalInfileData: fileReceived(bytes)
        case .prepareBackend: .wait
        case .readAuth: loginReceived(bytes)
        case .readAuthOldPassword: loginDataReceived(bytes)
        case .endlessResult: Answer(consumed: bytes.count, backend: .relay)
        case .initial, .connectServer, .readHandshake, .readAuthResult, .readQueryResult: .wait
        case .closed: Answer(consumed: bytes.count)
        }
    }

    /// The backend has sent these bytes, not consumed so far.
    public mutating func backendReceived(_ bytes: Span<UInt8>) -> Answer {
        switch state {
        case .readQueryResult, .sendQuery: answerReceived(bytes)
        case .prepareBackend: preparationAnswered(bytes)
        case .readHandshake: greetingReceived(bytes)
        case .readAuthResult, .readAuthOldPassword: loginAnswerReceived(bytes)
        case .endlessResult: Answer(consumed: bytes.count, client: .relay)
        case .readQuery, .readLocalInfileData: unsolicitedReceived(bytes)
        case .initial, .connectServer, .readAuth: ended(.backendViolation(.unexpectedBytes))
        case .closed: Answer(consumed: bytes.count)
        }
    }
}

// MARK: Ends

extension SessionMachine {
    /// The client's connection is gone.
    public mutating func clientLost() -> Answer {
        switch state {
        case .closed: .wait
        case .readQuery: ended(.clientClosed)
        case .initial, .connectServer, .readHandshake, .readAuth, .readAuthResult, .readAuthOldPassword, .sendQuery,
            .prepareBackend, .readQueryResult, .readLocalInfileData, .endlessResult:
            ended(.clientLost(state))
        }
    }

    /// The backend's connection is gone, after its greeting.
    ///
    /// - Parameter isCommandHeld: whether a query hook holds a command, so that the client waits for an answer.
    public mutating func backendLost(isCommandHeld: Bool = false) -> Answer {
        switch state {
        case .closed, .initial: return .wait
        case .connectServer, .readHandshake: return connectFailed()
        case .prepareBackend: return backendUseless()
        case .readQuery where isCommandHeld:
            return ended(.backendLost(state), client: .notify(.backendLost, sequence: command.lastSequence &+ 1))
        case .readQuery where isDraining: return ended(.drained)
        case .readQuery, .endlessResult: return ended(.backendLost(state))
        case .readAuth, .readAuthResult, .readAuthOldPassword, .sendQuery, .readQueryResult, .readLocalInfileData:
            return ended(.backendLost(state), client: notice(.backendLost))
        }
    }

    /// A side of a session.
    public enum Side: UInt8, BitwiseCopyable, Sendable {
        /// The client's.
        case client
        /// The backend's.
        case backend
    }

    /// A wait has taken too long: for the login, for the next byte, or for a peer to take what is pending for it.
    ///
    /// - Parameter stalled: the peer that has taken nothing; nil where nothing is pending.
    public mutating func deadlinePassed(stalled: Side?) -> Answer {
        if state == .closed { return .wait }
        switch stalled {
        case .client: return ended(.clientStalled)
        case .backend: return ended(.backendStalled, client: notice(.backendTimeout))
        case nil: break
        }
        switch state {
        case .closed: return .wait
        case .readAuthOldPassword where isLoggedIn: return ended(.clientTimeout)
        case .readAuthResult where isLoggedIn: return ended(.backendTimeout, client: notice(.backendTimeout))
        case .initial, .connectServer, .readHandshake, .readAuth, .readAuthResult, .readAuthOldPassword:
            return ended(.loginTimeout, client: notice(.loginTimeout))
        case .readQuery, .sendQuery, .readLocalInfileData: return ended(.clientTimeout)
        case .prepareBackend, .readQueryResult, .endlessResult:
            return ended(.backendTimeout, client: notice(.backendTimeout))
        }
    }

    /// The backend has taken longer for the statement than it was given: its connection is given up, and with it the
    /// session.
    public mutating func statementTimedOut() -> Answer {
        if state == .closed { return .wait }
        return ended(.statementTimeout, client: notice(.statementTimeout))
    }

    /// A hook has held the session until its deadline.
    public mutating func holdExpired() -> Answer {
        if state == .closed { return .wait }
        return ended(.holdTimeout, client: notice(.holdTimeout))
    }

    /// The process drains: the session ends now where nothing is under way, else as soon as that is so.
    ///
    /// - Parameter isCommandHeld: whether a query hook holds a command: it is under way as well.
    public mutating func drainRequested(isCommandHeld: Bool = false) -> Answer {
        isDraining = true
        switch state {
        case .closed: return .wait
        case .readQuery where isCommandHeld: return .wait
        case .readQuery where isInTransaction: return .wait
        case .sendQuery, .prepareBackend, .readQueryResult, .readLocalInfileData: return .wait
        // COM_CHANGE_USER is a command like others.
        case .readAuthResult where isLoggedIn: return .wait
        case .readAuthOldPassword where isLoggedIn: return .wait
        case .initial, .connectServer, .readHandshake, .readAuth, .readAuthResult, .readAuthOldPassword, .readQuery,
            .endlessResult:
            return ended(.drained)
        }
    }

    /// A plugin or the operator wants the session closed, now.
    public mutating func closeRequested() -> Answer {
        state == .closed ? .wait : ended(.plugin)
    }

    /// Whether the last status flags tell of an open transaction.
    public var isInTransaction: Bool { status.contains(.inTransaction) }

    /// Whether the client may speak: what it sends now is looked at, and not kept for later.
    public var isClientsTurn: Bool {
        switch state {
        case .readAuth, .readAuthOldPassword, .readQuery, .sendQuery, .readLocalInfileData, .endlessResult, .closed:
            true
        case .initial, .connectServer, .readHandshake, .readAuthResult, .prepareBackend, .readQueryResult: false
        }
    }

    /// Moves to the end; everything that ends a session passes here.
    mutating func ended(_ cause: EndCause, consumed: Int = 0, client: ClientStep = .none) -> Answer {
        assert(state != .closed)
        endedBetweenCommands = state == .readQuery
        state = .closed
        return Answer(consumed: consumed, client: client, end: cause)
    }

    /// An ERR for the client, where it still waits for one and a packet may begin.
    func notice(_ notice: Notice) -> ClientStep {
        switch state {
        case .readQueryResult, .sendQuery:
            guard command.owesAnswer, command.delivery != .relay || scanner.isAtPacketBorder else { return .none }
        case .prepareBackend:
            guard !command.isAnswered, !command.command.hasNoAnswer else { return .none }
        case .readLocalInfileData, .readAuthResult, .readAuthOldPassword:
            guard scanner.isAtPacketBorder else { return .none }
        case .initial, .connectServer, .readHandshake, .readAuth, .readQuery: break
        case .endlessResult, .closed: return .none
        }
        return .notify(notice, sequence: nextSequenceForClient)
    }

    /// The sequence id that the client expects of the next packet.
    var nextSequenceForClient: UInt8 {
        switch state {
        case .initial, .connectServer, .readHandshake: isGreeted ? 2 : 0
        // A client speaks before it listens here, so that it expects the id behind its own packet's.
        case .readAuth: clientSequence &+ 1
        case .readAuthOldPassword: scanner.sequence &+ 1 &+ shift
        case .readAuthResult: scanner.sequence &+ shift
        case .readLocalInfileData: scanner.sequence
        case .prepareBackend: command.lastSequence &+ 1
        case .sendQuery: command.isAnswered ? scanner.sequence : command.lastSequence &+ 1
        case .readQueryResult:
            command.delivery == .relay && command.isAnswered ? scanner.sequence : command.lastSequence &+ 1
        case .readQuery, .endlessResult, .closed: 0
        }
    }
}
