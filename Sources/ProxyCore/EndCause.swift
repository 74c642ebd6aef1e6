public import MySQLWire

/// Who is to blame for the end of a session.
public enum Blame: UInt8, BitwiseCopyable, Sendable {
    /// The client, or the network on its side.
    case client
    /// The backend, or the network on its side.
    case backend
    /// This process: a drain, a limit.
    case proxy
    /// A plugin's decision.
    case plugin
}

/// Why a session ended: one cause each, for the log, the counters and the client.
public enum EndCause: BitwiseCopyable, Equatable, Sendable {
    /// COM_QUIT.
    case clientQuit
    /// The client closed between two commands.
    case clientClosed
    /// The client closed, or its connection broke, in the given state.
    case clientLost(ConnectionState)
    /// The client broke the protocol.
    case clientViolation(Violation)
    /// The client did not finish its login in time.
    case loginTimeout
    /// The client sent nothing for the read timeout.
    case clientTimeout
    /// The client did not take its bytes for the write timeout.
    case clientStalled
    /// The backend refused the login, or the connection before it.
    case loginRefused
    /// The backend closed, or its connection broke, in the given state.
    case backendLost(ConnectionState)
    /// The backend broke the protocol.
    case backendViolation(Violation)
    /// The backend sent nothing for the read timeout.
    case backendTimeout
    /// The backend did not take its bytes for the write timeout.
    case backendStalled
    /// The process drains.
    case drained
    /// A plugin refused or closed the session.
    case plugin
    /// A hook held the session until its deadline.
    case holdTimeout
    /// A command came while the session's backend connection was parked, and none could be taken for it.
    case backendParked
    /// The backend took longer for a statement than a plugin gave it.
    case statementTimeout

    /// Who is to blame.
    public var blame: Blame {
        switch self {
        case .clientQuit, .clientClosed, .clientLost, .clientViolation, .loginTimeout, .clientTimeout, .clientStalled:
            .client
        case .loginRefused, .backendLost, .backendViolation, .backendTimeout, .backendStalled: .backend
        case .drained: .proxy
        case .plugin, .holdTimeout, .backendParked, .statementTimeout: .plugin
        }
    }

    /// Whether nobody needs to hear of it: the session went as sessions go.
    public var isOrderly: Bool {
        switch self {
        case .clientQuit, .clientClosed, .drained, .loginRefused: true
        case .clientLost, .clientViolation, .loginTimeout, .clientTimeout, .clientStalled, .backendLost,
            .backendViolation, .backendTimeout, .backendStalled, .plugin, .holdTimeout, .backendParked,
            .statementTimeout:
            false
        }
    }
}

extension EndCause: CustomStringConvertible {
    /// The cause in words, for the log.
    public var description: String {
        switch self {
        case .clientQuit: "the client quit"
        case .clientClosed: "the client closed the connection"
        case .clientLost(let state): "the client was lost in \(state)"
        case .clientViolation(let violation): "the client broke the protocol: \(violation)"
        case .loginTimeout: "the client did not finish its login in time (--proxy-login-timeout)"
        case .clientTimeout: "the client was silent for too long (--proxy-read-timeout)"
        case .clientStalled: "the client did not take its answer in time (--proxy-write-timeout)"
        case .loginRefused: "the backend refused the login"
        case .backendLost(let state): "the backend was lost in \(state)"
        case .backendViolation(let violation): "the backend broke the protocol: \(violation)"
        case .backendTimeout: "the backend was silent for too long (--proxy-read-timeout)"
        case .backendStalled: "the backend did not take a command in time (--proxy-write-timeout)"
        case .drained: "the proxy is shutting down"
        case .plugin: "a plugin closed the session"
        case .holdTimeout: "a plugin held the session until its deadline"
        case .backendParked: "its backend connection was parked, and a command found none to take"
        case .statementTimeout: "a statement took longer than a plugin gave it, and its connection was closed"
        }
    }
}

/// How a peer broke the protocol.
public enum Violation: BitwiseCopyable, Equatable, Sendable {
    /// A packet's sequence id is not the expected one.
    case sequence(expected: UInt8, found: UInt8)
    /// A packet without a payload where one is needed.
    case emptyPacket
    /// A packet of the login is longer than any login.
    case oversizedLogin(length: Int)
    /// A command that must be collected whole is longer than any server takes.
    case oversizedCommand(length: Int)
    /// The greeting can't be understood.
    case greeting
    /// The login can't be understood.
    case login
    /// The login asks for TLS or compression, which the greeting does not offer.
    case capabilityNotOffered
    /// The result scanner's finding.
    case answer(ScanViolation)
    /// Bytes came when it was not the peer's turn.
    case unexpectedBytes
}

extension Violation: CustomStringConvertible {
    /// The violation in words.
    public var description: String {
        switch self {
        case .sequence(let expected, let found): "packet out of order: sequence id \(found) where \(expected) is due"
        case .emptyPacket: "an empty packet"
        case .oversizedLogin(let length): "a login packet of \(length) bytes"
        case .oversizedCommand(let length): "a command of at least \(length) bytes"
        case .greeting: "the greeting can't be understood"
        case .login: "the login can't be understood"
        case .capabilityNotOffered: "TLS or compression, which was not offered"
        case .answer(let violation): "\(violation)"
        case .unexpectedBytes: "bytes out of turn"
        }
    }
}

/// An ERR that the core itself has for the client.
public enum Notice: UInt8, BitwiseCopyable, Sendable {
    /// The backend was lost while it answered.
    case backendLost
    /// The backend did not answer in time.
    case backendTimeout
    /// The backend's answer could not be understood.
    case backendViolation
    /// The client's packets are out of order.
    case packetsOutOfOrder
    /// The client's packet can't be understood.
    case malformedPacket
    /// The client's command is longer than any server takes.
    case packetTooLarge
    /// The login can't be understood, or asks for what was not offered.
    case badHandshake
    /// The login took too long.
    case loginTimeout
    /// The session has no backend to send the command to.
    case noBackend
    /// The session's backend connection was parked, and there is none to take.
    case backendParked
    /// Plugins dropped every answer to the command.
    case nothingAnswered
    /// A plugin held the session for too long.
    case holdTimeout
    /// The statement took longer than a plugin gave it.
    case statementTimeout

    /// The error as the client sees it.
    public var error: SQLError {
        switch self {
        case .backendLost: SQLError(code: 2013, message: "(proxy) lost connection to the backend during the query")
        case .backendTimeout: SQLError(code: 2013, message: "(proxy) the backend did not answer in time")
        case .backendViolation:
            SQLError(code: 2027, message: "(proxy) the backend's answer could not be understood; see the proxy's log")
        case .packetsOutOfOrder: SQLError(code: 1156, state: "08S01", message: "Got packets out of order")
        case .malformedPacket: SQLError(code: 1835, message: "Malformed communication packet")
        case .packetTooLarge:
            SQLError(code: 1153, state: "08S01", message: "Got a packet bigger than 'max_allowed_packet' bytes")
        case .badHandshake: SQLError(code: 1043, state: "08S01", message: "Bad handshake")
        case .loginTimeout:
            SQLError(code: 1159, state: "08S01", message: "Got timeout reading communication packets")
        case .noBackend:
            SQLError(code: 1105, state: "08S01", message: "(proxy) no backend is attached to this session")
        case .backendParked:
            SQLError(
                code: 1105, state: "08S01",
                message: "(proxy) I have no server backend: this session's connection was parked, and none is parked "
                    + "for its user; set proxy.connection.backend_ndx to a backend that has one")
        case .nothingAnswered:
            SQLError(code: 1105, message: "(proxy) a script dropped every result of this command")
        case .holdTimeout: SQLError(code: 1205, message: "(proxy) a plugin held the session for too long")
        case .statementTimeout:
            SQLError(
                code: 1907, state: "70100", message: "Query execution was interrupted, query_timeout exceeded")
        }
    }
}
