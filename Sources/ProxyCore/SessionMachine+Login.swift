public import MySQLWire

// Greeting and login: from READ_HANDSHAKE to the OK that opens the command phase.

extension SessionMachine {
    /// Waits for the whole greeting, then asks the handshake hooks; an ERR in its place ends the session.
    mutating func greetingReceived(_ bytes: Span<UInt8>) -> Answer {
        guard let header = PacketHeader(bytes) else { return .wait }
        guard header.sequence == 0 else {
            return ended(.backendViolation(.sequence(expected: 0, found: header.sequence)))
        }
        guard header.payloadLength > 0, header.payloadLength <= Self.maximumLogin else {
            return ended(.backendViolation(.greeting))
        }
        guard bytes.count >= header.packetLength else { return .wait }
        if bytes[PacketHeader.size] == 0xFF {
            return ended(.loginRefused, consumed: header.packetLength, client: .relay)
        }
        return Answer(consumed: header.packetLength, consult: .handshake)
    }

    /// The handshake hooks are done; the driver sends the greeting, less the withheld flags.
    public mutating func handshakeDecided(offered: Capabilities) -> Answer {
        assert(state == .readHandshake)
        state = .readAuth
        isAttached = true
        self.offered = offered.subtracting(Self.withheldCapabilities)
        clientSequence = 1
        return Answer(client: .send(sequence: 0))
    }

    /// The greeting can't be understood.
    public mutating func greetingRejected() -> Answer {
        ended(.backendViolation(.greeting))
    }

    /// Waits for the whole login, then asks the auth hooks.
    mutating func loginReceived(_ bytes: Span<UInt8>) -> Answer {
        guard let header = PacketHeader(bytes) else { return .wait }
        if let answer = rejectedLoginHeader(header) { return answer }
        guard bytes.count >= header.packetLength else { return .wait }
        return Answer(consumed: header.packetLength, consult: .auth)
    }

    private mutating func rejectedLoginHeader(_ header: PacketHeader) -> Answer? {
        guard header.sequence == clientSequence else {
            return violated(.sequence(expected: clientSequence, found: header.sequence), .packetsOutOfOrder)
        }
        guard header.payloadLength <= Self.maximumLogin else {
            return violated(.oversizedLogin(length: header.payloadLength), .badHandshake)
        }
        guard header.payloadLength > 0 || state == .readAuthOldPassword else {
            return violated(.emptyPacket, .badHandshake)
        }
        return nil
    }

    /// What the hooks have decided on the login.
    public enum LoginDecision: BitwiseCopyable, Equatable, Sendable {
        /// It goes to the backend as it came.
        case forward
        /// The driver has another payload for the backend.
        case replace
        /// The driver has the answer for the client; whether it is an OK.
        case answer(isOK: Bool)
    }

    /// The auth hooks are done with a login that asks for these capabilities.
    public mutating func loginDecided(_ decision: LoginDecision, capabilities wanted: Capabilities) -> Answer {
        assert(state == .readAuth)
        guard wanted.isDisjoint(with: Self.withheldCapabilities) else {
            return violated(.capabilityNotOffered, .badHandshake)
        }
        capabilities = wanted.intersection(offered)
        scanner = ResultScanner(capabilities: capabilities)
        switch decision {
        case .answer(let isOK):
            clientSequence &+= 1
            let step = ClientStep.send(sequence: clientSequence)
            guard isOK else { return ended(.plugin, client: step) }
            loggedIn()
            return Answer(client: step)
        case .forward, .replace:
            guard isAttached else { return ended(.plugin, client: notice(.noBackend)) }
            scanner.loginSent(lastSequence: clientSequence)
            state = .readAuthResult
            return Answer(backend: decision == .forward ? .relay : .send(sequence: clientSequence))
        }
    }

    /// The login can't be understood, or asks for what was not offered.
    public mutating func loginRejected(_ violation: Violation) -> Answer {
        violated(violation, .badHandshake)
    }

    /// The client's next packet of the authentication exchange.
    mutating func loginDataReceived(_ bytes: Span<UInt8>) -> Answer {
        guard let header = PacketHeader(bytes) else { return .wait }
        clientSequence = scanner.sequence
        if let answer = rejectedLoginHeader(header) { return answer }
        guard bytes.count >= header.packetLength else { return .wait }
        scanner.clientAnswered(lastSequence: header.sequence)
        state = .readAuthResult
        return Answer(consumed: header.packetLength, backend: .relay)
    }

    /// The backend's answer to the login, or to COM_CHANGE_USER.
    mutating func loginAnswerReceived(_ bytes: Span<UInt8>) -> Answer {
        if subscribed.contains(.authResult), !isLoggedIn {
            guard let header = PacketHeader(bytes), bytes.count >= header.packetLength else { return .wait }
            return Answer(consumed: header.packetLength, consult: .authResult)
        }
        return loginAnswerAccepted(bytes)
    }

    /// The auth-result hooks are done with this packet; the driver sends it, or the payload in its place.
    public mutating func authResultDecided(_ packet: Span<UInt8>, isReplaced: Bool) -> Answer {
        let sequence = scanner.sequence
        var answer = loginAnswerAccepted(packet)
        if isReplaced, answer.client == .relay { answer.client = .send(sequence: sequence) }
        return answer
    }

    private mutating func loginAnswerAccepted(_ bytes: Span<UInt8>) -> Answer {
        let step = scanner.received(bytes)
        switch step.event {
        case .more:
            return Answer(consumed: step.consumed, client: .relay)
        case .authContinues:
            state = .readAuthOldPassword
            return Answer(consumed: step.consumed, client: .relay)
        case .ended:
            return loginEnded(consumed: step.consumed)
        case .violation(let violation):
            return ended(.backendViolation(.answer(violation)), client: notice(.backendViolation))
        case .localInfile, .endless:
            return ended(.backendViolation(.unexpectedBytes), client: notice(.backendViolation))
        }
    }

    private mutating func loginEnded(consumed: Int) -> Answer {
        if isLoggedIn {
            // A COM_CHANGE_USER that fails leaves it to the server whether the connection goes on.
            return answerEnded(Answer(consumed: consumed, client: .relay))
        }
        guard !scanner.summary.isError else {
            return ended(.loginRefused, consumed: consumed, client: .relay)
        }
        status = scanner.summary.status
        loggedIn()
        if isDraining { return ended(.drained, consumed: consumed, client: .relay) }
        return Answer(consumed: consumed, client: .relay)
    }

    private mutating func loggedIn() {
        isLoggedIn = true
        state = .readQuery
    }

    /// The client broke the protocol: an ERR where one fits, and the end.
    mutating func violated(_ violation: Violation, _ notice: Notice) -> Answer {
        ended(.clientViolation(violation), client: self.notice(notice))
    }
}
