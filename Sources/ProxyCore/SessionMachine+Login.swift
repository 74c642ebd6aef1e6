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
            let relay = isGreeted ? ClientStep.relayAs(sequence: nextSequenceForClient) : .relay
            return ended(.loginRefused, consumed: header.packetLength, client: relay)
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
        let isReusable = agreesWithReused(wanted)
        capabilities = wanted.intersection(offered)
        scanner = ResultScanner(capabilities: capabilities)
        switch decision {
        case .answer(let isOK):
            clientSequence &+= 1
            let step = ClientStep.send(sequence: clientSequence)
            if isReused {
                isReused = false
                isAttached = false
            }
            guard isOK else { return ended(.plugin, client: step) }
            loggedIn()
            return Answer(client: step)
        case .forward, .replace:
            if isReused { return isReusable ? reusedLoginSent() : loginMoved() }
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
        clientSequence = scanner.sequence &+ shift
        if let answer = rejectedLoginHeader(header) { return answer }
        guard bytes.count >= header.packetLength else { return .wait }
        let sequence = header.sequence &- shift
        scanner.clientAnswered(lastSequence: sequence)
        state = .readAuthResult
        return Answer(consumed: header.packetLength, backend: isReused ? .relayAs(sequence: sequence) : .relay)
    }

    /// The backend's answer to the login, or to COM_CHANGE_USER.
    mutating func loginAnswerReceived(_ bytes: Span<UInt8>) -> Answer {
        guard !isLoggedIn, isReused || subscribed.contains(.authResult) else { return loginAnswerAccepted(bytes) }
        guard let header = PacketHeader(bytes), bytes.count >= header.packetLength else { return .wait }
        if subscribed.contains(.authResult) {
            return Answer(consumed: header.packetLength, consult: .authResult)
        }
        return loginAnswerAccepted(bytes.extracting(0..<header.packetLength))
    }

    /// The auth-result hooks are done with this packet; the driver sends it, or the payload in its place.
    public mutating func authResultDecided(_ packet: Span<UInt8>, isReplaced: Bool) -> Answer {
        let sequence = scanner.sequence &+ shift
        var answer = loginAnswerAccepted(packet)
        if isReplaced, answer.client == .relay || answer.client == .relayAs(sequence: sequence) {
            answer.client = .send(sequence: sequence)
        }
        return answer
    }

    private mutating func loginAnswerAccepted(_ bytes: Span<UInt8>) -> Answer {
        let relay = isReused ? ClientStep.relayAs(sequence: scanner.sequence &+ shift) : .relay
        let step = scanner.received(bytes)
        switch step.event {
        case .more:
            return Answer(consumed: step.consumed, client: relay)
        case .authContinues:
            state = .readAuthOldPassword
            return Answer(consumed: step.consumed, client: relay)
        case .ended:
            return loginEnded(Answer(consumed: step.consumed, client: relay))
        case .violation(let violation):
            return ended(.backendViolation(.answer(violation)), client: notice(.backendViolation))
        case .localInfile, .endless:
            return ended(.backendViolation(.unexpectedBytes), client: notice(.backendViolation))
        }
    }

    private mutating func loginEnded(_ answer: Answer) -> Answer {
        if isLoggedIn {
            // A COM_CHANGE_USER that fails leaves it to the server whether the connection goes on.
            return answerEnded(answer)
        }
        guard !scanner.summary.isError else {
            return ended(.loginRefused, consumed: answer.consumed, client: answer.client)
        }
        status = scanner.summary.status
        loggedIn()
        if isDraining { return ended(.drained, consumed: answer.consumed, client: answer.client) }
        return answer
    }

    private mutating func loggedIn() {
        isLoggedIn = true
        isReused = false
        state = .readQuery
    }

    /// The client broke the protocol: an ERR where one fits, and the end.
    mutating func violated(_ violation: Violation, _ notice: Notice) -> Answer {
        ended(.clientViolation(violation), client: self.notice(notice))
    }
}
