public import MySQLWire

// A session's backend connection may be parked and another one taken: between two commands, or between two results of
// one command. What a taken connection needs is done before the next command goes to it, and swallowed.

/// What a taken connection needs before a command may go to it.
public struct BackendPreparation: OptionSet, BitwiseCopyable, Hashable, Sendable {
    /// One bit a step, in the order of the steps.
    public var rawValue: UInt8

    /// The set with the given bits.
    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// COM_RESET_CONNECTION: another session has left its state on the connection.
    public static let reset = Self(rawValue: 1)
    /// COM_INIT_DB: the connection's default schema isn't the session's.
    public static let schema = Self(rawValue: 2)
}

extension SessionMachine {
    /// The backend connection has gone to be parked; commands need another one from here on.
    public mutating func backendParked() {
        assert(state == .readQuery || state == .readQueryResult)
        isAttached = false
        isParked = true
        preparation = []
    }

    /// A parked connection of the same user has come in.
    ///
    /// - Parameter status: the flags that its last answer told.
    public mutating func backendTaken(status: StatusFlags, preparation: BackendPreparation) {
        assert(!isAttached && isLoggedIn)
        isAttached = true
        isParked = false
        self.status = status
        self.preparation = preparation
    }

    /// A command of the session has done what was still to be prepared.
    public mutating func settled(_ done: BackendPreparation) {
        preparation.subtract(done)
    }

    /// Begins what the connection needs before the command, or the injected query, that waits.
    ///
    /// - Parameter needless: what the waiting command does by itself.
    /// - Returns: nil where there is nothing to be done.
    public mutating func preparationBegun(without needless: BackendPreparation) -> Answer? {
        assert(state == .readQuery || state == .readQueryResult)
        guard isAttached else { return nil }
        skipped = needless
        guard !preparation.subtracting(needless).isEmpty else { return nil }
        state = .prepareBackend
        return nextPreparation(consumed: 0)
    }

    private mutating func nextPreparation(consumed: Int) -> Answer {
        let due = preparation.subtracting(skipped)
        if due.contains(.reset) {
            scanner.commandSent(.resetConnection, lastSequence: 0)
            return Answer(consumed: consumed, backend: .sendReset)
        }
        if due.contains(.schema) {
            scanner.commandSent(.initDB, lastSequence: 0)
            return Answer(consumed: consumed, backend: .sendSchema)
        }
        guard command.isInjected else { return Answer(consumed: consumed, backend: .resumeCommand) }
        state = .readQueryResult
        return Answer(consumed: consumed, backend: .sendInjection)
    }

    /// The answer to a step of the preparation, once it is whole.
    mutating func preparationAnswered(_ bytes: Span<UInt8>) -> Answer {
        guard let header = PacketHeader(bytes), bytes.count >= header.packetLength else { return .wait }
        let step = scanner.received(bytes.extracting(0..<header.packetLength))
        guard step.event == .ended else { return backendUseless(consumed: header.packetLength) }
        if scanner.hasStatus { status = scanner.summary.status }
        let isReset = preparation.subtracting(skipped).contains(.reset)
        if scanner.summary.isError {
            return isReset ? backendUseless(consumed: step.consumed) : schemaRefused(consumed: step.consumed)
        }
        preparation.remove(isReset ? .reset : .schema)
        return nextPreparation(consumed: step.consumed)
    }

    /// The session's default schema is gone: the command's answer is the server's ERR.
    private mutating func schemaRefused(consumed: Int) -> Answer {
        let isSilent = command.isAnswered || command.command.hasNoAnswer
        let sequence = command.lastSequence &+ 1
        let answer = Answer(consumed: consumed, client: isSilent ? .discard : .relayAs(sequence: sequence))
        state = .readQuery
        guard command.command == .quit else { return commandDone(answer) }
        return ended(.clientQuit, consumed: consumed)
    }

    /// The taken connection is broken, or its server knows no COM_RESET_CONNECTION: nothing of the session was on it.
    mutating func backendUseless(consumed: Int = 0) -> Answer {
        backendLeft()
        return Answer(consumed: consumed, backend: .replace)
    }

    private mutating func backendLeft() {
        isAttached = false
        isParked = true
        preparation = []
    }

    /// Another connection was taken for a useless one by ``backendTaken(status:preparation:)``, or there is none.
    public mutating func backendReplaced() -> Answer {
        guard state == .prepareBackend else { return .wait }
        return isAttached ? nextPreparation(consumed: 0) : backendMissing()
    }

    /// A command needs a backend connection, and there is none.
    mutating func backendMissing() -> Answer {
        let isSilent = command.isAnswered || command.command.hasNoAnswer
        if isSilent, !command.isInjected {
            return commandDone(.wait)
        }
        let sequence = command.lastSequence &+ 1
        return ended(.backendParked, client: isSilent ? .none : .notify(.backendParked, sequence: sequence))
    }
}

// MARK: A parked connection for a new client

extension SessionMachine {
    /// Capabilities in which the sessions of a connection may differ: they matter to logins only, or to clients.
    public static let loginCapabilities: Capabilities = [
        .longPassword, .connectWithSchema, .noSchema, .odbc, .interactive, .ignoreSigpipe, .reserved,
        .connectAttributes, .pluginAuthLengthEncoded, .expiredPasswords, .sslVerifyServerCertificate,
        .rememberOptions, .ssl, .compress, .zstdCompression,
    ]

    /// Whether sessions that negotiated these capabilities may use the same connection, one after the other.
    public static func mayShare(_ one: Capabilities, _ other: Capabilities) -> Bool {
        one.symmetricDifference(other).isSubset(of: loginCapabilities)
    }

    /// The connect hooks have chosen a parked connection; the driver sends its greeting.
    ///
    /// - Parameters:
    ///   - offered: the greeting's capabilities.
    ///   - negotiated: what the connection has agreed on, which no login can change.
    public mutating func backendReused(offered: Capabilities, negotiated: Capabilities) -> Answer {
        assert(state == .connectServer)
        state = .readAuth
        isAttached = true
        isReused = true
        capabilities = negotiated
        self.offered = offered.subtracting(Self.withheldCapabilities)
        clientSequence = 1
        return Answer(client: .send(sequence: 0))
    }

    /// Whether a client that wants these capabilities can take the connection over; asked before `loginDecided`.
    public func agreesWithReused(_ wanted: Capabilities) -> Bool {
        isReused && Self.mayShare(wanted.intersection(offered), capabilities)
    }

    /// The login goes out as COM_CHANGE_USER, one packet behind the client's numbers; the driver has it.
    mutating func reusedLoginSent() -> Answer {
        scanner.loginSent(lastSequence: 0)
        state = .readAuthResult
        return Answer(backend: .send(sequence: 0))
    }

    /// The client can't use the connection that has greeted it: a new one is made, and the login sent to that.
    mutating func loginMoved() -> Answer {
        isReused = false
        isAttached = false
        isGreeted = true
        state = .connectServer
        return Answer(backend: .connect)
    }

    /// The new connection has greeted; the driver has the login for it.
    public mutating func loginResent() -> Answer {
        assert(state == .readHandshake && isGreeted)
        isGreeted = false
        isAttached = true
        scanner.loginSent(lastSequence: 1)
        state = .readAuthResult
        return Answer(backend: .send(sequence: 1))
    }

    /// By how much the client's sequence ids are ahead of the backend's: a greeting came first.
    var shift: UInt8 { isReused ? 1 : 0 }
}
