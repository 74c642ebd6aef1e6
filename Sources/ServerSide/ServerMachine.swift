import MySQLWire

/// The server's side of one connection as a sans-IO machine: greeting, login, then one command at a time.
struct ServerMachine: BitwiseCopyable, Equatable, Sendable {
    /// Where the connection stands.
    enum Phase: BitwiseCopyable, Equatable, Sendable {
        /// Nothing was sent yet.
        case greeting
        /// The greeting is out, the login is awaited.
        case login
        /// The client was asked to answer a new challenge.
        case authSwitch(AuthMethod)
        /// The password is right; the responder looks at the schema.
        case admission
        /// The next command is awaited.
        case ready
        /// A command runs; nothing is consumed meanwhile.
        case running
        /// Nothing more is consumed or sent.
        case closed
    }

    /// What the session has to do next.
    enum Step: Equatable, Sendable {
        case nothing
        case greet
        case checkLogin
        case checkUserChange
        case checkAnswer(AuthMethod)
        case askAgain(AuthMethod)
        case admit
        case deny
        case run(Command)
        case close(reason: String)
        case reject(SQLError, reason: String)
    }

    /// What the check of a password has found.
    enum Check: BitwiseCopyable, Equatable, Sendable {
        case right
        case wrong
        /// The answer was made by another method or for another challenge.
        case inconclusive(AuthMethod)
    }

    private(set) var phase = Phase.greeting

    /// Whether the next packet may be looked at.
    var takesPackets: Bool {
        switch phase {
        case .login, .authSwitch, .ready: true
        case .greeting, .admission, .running, .closed: false
        }
    }

    /// Whether the client is logged in.
    var isLoggedIn: Bool { phase == .ready || phase == .running }
}

// MARK: Events

extension ServerMachine {
    mutating func clientConnected() -> Step {
        guard phase == .greeting else { return .nothing }
        phase = .login
        return .greet
    }

    /// A whole packet has come; `command` is its first byte, nil where it is empty.
    mutating func packetArrived(_ command: Command?) -> Step {
        switch phase {
        case .login: return .checkLogin
        case .authSwitch(let method): return .checkAnswer(method)
        case .ready: return commandArrived(command)
        case .greeting, .admission, .running, .closed: return .nothing
        }
    }

    mutating func passwordChecked(_ check: Check) -> Step {
        guard phase != .closed else { return .nothing }
        switch check {
        case .right:
            phase = .admission
            return .admit
        case .wrong:
            phase = .closed
            return .deny
        case .inconclusive(let method):
            // One new challenge a login: who fails it too has failed.
            if case .authSwitch = phase { return passwordChecked(.wrong) }
            phase = .authSwitch(method)
            return .askAgain(method)
        }
    }

    /// The answer to a command or to a login is complete; a refused login's reply has closed the connection itself.
    mutating func answered(isError: Bool) -> Step {
        switch phase {
        case .running:
            phase = .ready
            return .nothing
        case .admission:
            phase = isError ? .closed : .ready
            return .nothing
        case .greeting, .login, .authSwitch, .ready, .closed:
            return .nothing
        }
    }

    /// The client has broken the protocol.
    mutating func packetRefused(_ error: SQLError, reason: String) -> Step {
        guard phase != .closed else { return .nothing }
        phase = .closed
        return .reject(error, reason: reason)
    }

    mutating func clientEnded() {
        phase = .closed
    }

    private mutating func commandArrived(_ command: Command?) -> Step {
        guard let command else {
            return packetRefused(.malformed("a command of no bytes"), reason: "the client sent a command of no bytes")
        }
        if command == .quit {
            phase = .closed
            return .close(reason: "the client has quit")
        }
        if command == .changeUser { return .checkUserChange }
        if !command.hasNoAnswer { phase = .running }
        return .run(command)
    }
}
