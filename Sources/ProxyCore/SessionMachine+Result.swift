import MySQLWire

// Answers: READ_QUERY_RESULT, decided at the packet headers by the scanner and relayed as bytes.

extension SessionMachine {
    /// Bytes of the answer under way.
    @inline(__always)
    mutating func answerReceived(_ bytes: Span<UInt8>) -> Answer {
        expectEarlyError(bytes)
        let step = scanner.received(bytes)
        var answer = Answer(consumed: step.consumed)
        switch command.delivery {
        case .relay: answer.client = .relay
        case .keep: answer.client = .keep
        case .discard: answer.client = .discard
        }
        switch step.event {
        case .more:
            if step.consumed > 0, command.delivery == .relay { command.isAnswered = true }
            return answer
        case .ended:
            return answerEnded(answer)
        case .localInfile:
            return fileRequested(answer)
        case .authContinues:
            state = .readAuthOldPassword
            return answer
        case .endless:
            state = .endlessResult
            return answer
        case .violation(let violation):
            return ended(.backendViolation(.answer(violation)), client: notice(.backendViolation))
        }
    }

    /// The whole answer to the client's command has come, and somebody else has read it, who says what it tells.
    ///
    /// - Parameters:
    ///   - count: its bytes.
    ///   - summary: of an answer that has told the server's status.
    /// - Returns: nil where it must be looked at all the same.
    public mutating func answerReceived(whole count: Int, _ summary: ResultSummary) -> Answer? {
        guard state == .readQueryResult, command.delivery == .relay, !command.isAnswered, !command.isInjected else {
            return nil
        }
        scanner.answered(summary)
        return answerEnded(Answer(consumed: count, client: .relay))
    }

    /// A server may refuse a command of several packets behind any of them: its ERR is numbered from there.
    private mutating func expectEarlyError(_ bytes: Span<UInt8>) {
        guard command.lastSequence > 0, !command.isAnswered, !command.isInjected, scanner.isAtPacketBorder,
            let header = PacketHeader(bytes), header.sequence > 0, header.sequence <= command.lastSequence &+ 1,
            bytes.count > PacketHeader.size, bytes[PacketHeader.size] == 0xFF
        else { return }
        scanner.clientAnswered(lastSequence: header.sequence &- 1)
    }

    private mutating func fileRequested(_ answer: Answer) -> Answer {
        guard state == .readQueryResult, command.delivery != .discard else {
            return ended(.backendViolation(.unexpectedBytes), client: notice(.backendViolation))
        }
        var answer = answer
        if command.delivery == .keep { answer.client = .relayKept }
        state = .readLocalInfileData
        command.remaining = 0
        clientSequence = scanner.sequence
        return answer
    }

    /// The answer is complete.
    @inline(__always)
    mutating func answerEnded(_ answer: Answer) -> Answer {
        if scanner.hasStatus { status = scanner.summary.status }
        if state == .sendQuery {
            // The server refused the command before it was whole; it mostly closes now.
            command.isAnsweredEarly = true
            return answer
        }
        guard command.isInjected else { return commandDone(answer) }
        if command.delivery == .relay {
            command.isAnswered = true
            // What is said to the client from here on would be a second answer.
            command.delivery = .discard
        }
        state = .readQueryResult
        var answer = answer
        answer.consult = .result
        return answer
    }

    /// What the hooks have decided on the answer to an injected query.
    public enum ResultDecision: BitwiseCopyable, Equatable, Sendable {
        /// The client gets it.
        case forward
        /// The driver has payloads for the client in its place.
        case replace
        /// The client doesn't get it.
        case drop
    }

    /// The result hooks are done; `more` tells whether injected queries wait.
    ///
    /// A client gets one answer to a command: further ones are dropped.
    public mutating func resultDecided(_ decision: ResultDecision, more: Bool) -> Answer {
        assert(state == .readQueryResult && command.isInjected)
        var answer = Answer()
        if command.delivery == .keep, !command.isAnswered, decision != .drop {
            let sequence = command.lastSequence &+ 1
            answer.client = decision == .forward ? .sendKept(sequence: sequence) : .send(sequence: sequence)
            command.isAnswered = true
        }
        if more {
            answer.backend = .sendInjection
            return answer
        }
        if !command.isAnswered, !command.command.hasNoAnswer {
            answer.client = .notify(.nothingAnswered, sequence: command.lastSequence &+ 1)
        }
        if command.command == .quit {
            state = .closed
            endedBetweenCommands = true
            answer.end = .clientQuit
            return answer
        }
        return commandDone(answer)
    }

    /// Bytes that nobody asked for: an ERR before a server closes is passed on, anything else is a violation.
    mutating func unsolicitedReceived(_ bytes: Span<UInt8>) -> Answer {
        guard let header = PacketHeader(bytes) else { return .wait }
        guard header.payloadLength > 0, header.payloadLength < 0xFFFF else {
            return ended(.backendViolation(.unexpectedBytes))
        }
        guard bytes.count > PacketHeader.size else { return .wait }
        guard bytes[PacketHeader.size] == 0xFF else { return ended(.backendViolation(.unexpectedBytes)) }
        guard bytes.count >= header.packetLength else { return .wait }
        return ended(.backendLost(state), consumed: header.packetLength, client: .relay)
    }
}
