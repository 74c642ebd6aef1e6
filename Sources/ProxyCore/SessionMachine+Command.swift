public import MySQLWire

// Commands: from READ_QUERY through SEND_QUERY, and the client's file.

extension SessionMachine {
    /// Decides at the first five bytes of a command: relay it as it comes, or wait for all of it and ask the hooks.
    @inline(__always)
    mutating func commandReceived(_ bytes: Span<UInt8>) -> Answer {
        guard let header = PacketHeader(bytes) else { return .wait }
        command = CommandProgress()
        guard header.sequence == 0 else {
            command.lastSequence = header.sequence
            return violatedInCommand(.sequence(expected: 0, found: header.sequence), .packetsOutOfOrder)
        }
        guard header.payloadLength > 0 else { return violatedInCommand(.emptyPacket, .malformedPacket) }
        guard bytes.count > PacketHeader.size else { return .wait }
        if subscribed.areAboutCommands || !isAttached {
            return wholeCommand(bytes)
        }
        return commandBegun(header, Command(rawValue: bytes[PacketHeader.size]), bytes)
    }

    /// Walks the parts of a command until its last one is complete.
    private mutating func wholeCommand(_ bytes: Span<UInt8>) -> Answer {
        var offset = 0
        var expected: UInt8 = 0
        while let header = PacketHeader(bytes, at: offset) {
            guard header.sequence == expected else {
                command.lastSequence = header.sequence
                return violatedInCommand(.sequence(expected: expected, found: header.sequence), .packetsOutOfOrder)
            }
            offset += header.packetLength
            guard offset <= Self.maximumCommand else {
                return violatedInCommand(.oversizedCommand(length: offset), .packetTooLarge)
            }
            guard offset <= bytes.count else { return .wait }
            if !header.isContinued {
                command = CommandProgress()
                command.command = Command(rawValue: bytes[PacketHeader.size])
                command.lastSequence = header.sequence
                return Answer(consumed: offset, consult: .query)
            }
            expected &+= 1
        }
        return .wait
    }

    @inline(__always)
    private mutating func commandBegun(_ header: PacketHeader, _ first: Command, _ bytes: Span<UInt8>) -> Answer {
        command = CommandProgress()
        command.command = first
        command.lastSequence = 0
        command.isContinued = header.isContinued
        let taken = min(bytes.count, header.packetLength)
        command.remaining = header.packetLength - taken
        if command.remaining == 0, !command.isContinued {
            return commandSent(consumed: taken)
        }
        // The scanner must be ready before the command's end: a server may refuse it half-way.
        scanner.commandSent(first, lastSequence: 0)
        state = .sendQuery
        return Answer(consumed: taken, backend: .relay)
    }

    /// More of a command that is relayed as it comes.
    mutating func commandContinued(_ bytes: Span<UInt8>) -> Answer {
        if command.remaining == 0 {
            guard let header = PacketHeader(bytes) else { return .wait }
            let expected = command.lastSequence &+ 1
            guard header.sequence == expected else {
                return violatedInCommand(.sequence(expected: expected, found: header.sequence), .packetsOutOfOrder)
            }
            command.lastSequence = header.sequence
            command.isContinued = header.isContinued
            command.remaining = header.packetLength
        }
        let taken = min(bytes.count, command.remaining)
        command.remaining -= taken
        if command.remaining == 0, !command.isContinued {
            return commandSent(consumed: taken)
        }
        return Answer(consumed: taken, backend: .relay)
    }

    /// The last byte of a command is there.
    @inline(__always)
    private mutating func commandSent(consumed: Int) -> Answer {
        if command.command == .quit {
            // The driver says goodbye to the backend, unless a plugin wants to keep the connection.
            let isWhole = state == .readQuery
            var answer = ended(.clientQuit, consumed: consumed)
            if !isWhole { answer.backend = .relay }
            return answer
        }
        if command.command.hasNoAnswer || command.isAnsweredEarly {
            return commandDone(Answer(consumed: consumed, backend: .relay))
        }
        scanner.commandSent(command.command, lastSequence: command.lastSequence)
        state = .readQueryResult
        return Answer(consumed: consumed, backend: .relay)
    }

    /// The command phase goes on, or ends if the process drains and no transaction is open.
    @inline(__always)
    mutating func commandDone(_ answer: Answer) -> Answer {
        state = .readQuery
        guard isDraining, !isInTransaction else { return answer }
        var last = answer
        state = .closed
        last.end = .drained
        return last
    }

    /// The client's file: packets up to an empty one.
    mutating func fileReceived(_ bytes: Span<UInt8>) -> Answer {
        if command.remaining > 0 {
            let taken = min(bytes.count, command.remaining)
            command.remaining -= taken
            return Answer(consumed: taken, backend: .relay)
        }
        guard let header = PacketHeader(bytes) else { return .wait }
        guard header.sequence == clientSequence else {
            return ended(.clientViolation(.sequence(expected: clientSequence, found: header.sequence)))
        }
        clientSequence &+= 1
        if header.payloadLength == 0 {
            scanner.clientAnswered(lastSequence: header.sequence)
            command.lastSequence = header.sequence
            state = .readQueryResult
            return Answer(consumed: PacketHeader.size, backend: .relay)
        }
        let taken = min(bytes.count, header.packetLength)
        command.remaining = header.packetLength - taken
        return Answer(consumed: taken, backend: .relay)
    }

    /// Out of order inside a command: the ERR takes the place of the command's answer.
    private mutating func violatedInCommand(_ violation: Violation, _ notice: Notice) -> Answer {
        ended(.clientViolation(violation), client: .notify(notice, sequence: command.lastSequence &+ 1))
    }
}

// MARK: Decisions on commands

extension SessionMachine {
    /// What the hooks have decided on a command.
    public enum CommandDecision: BitwiseCopyable, Equatable, Sendable {
        /// It goes to the backend as it came.
        case forward
        /// Injected queries go in its place; ``injectionSent(_:packets:needsResult:)`` tells of each.
        case inject
        /// The driver has payloads for the client in place of a backend's answer.
        case answer
    }

    /// The query hooks are done with the command, which was presented whole.
    public mutating func commandDecided(_ decision: CommandDecision) -> Answer {
        assert(state == .readQuery || state == .prepareBackend)
        state = .readQuery
        switch decision {
        case .forward where !isAttached && command.command == .quit:
            return ended(.clientQuit)
        case .forward where isParked, .inject where isParked:
            return backendMissing()
        case .forward where !isAttached:
            return Answer(client: .notify(.noBackend, sequence: command.lastSequence &+ 1))
        case .forward:
            return commandSent(consumed: 0)
        case .inject where !isAttached:
            return Answer(client: .notify(.noBackend, sequence: command.lastSequence &+ 1))
        case .inject:
            command.isInjected = true
            command.isAnswered = command.command.hasNoAnswer
            state = .readQueryResult
            return Answer(backend: .sendInjection)
        case .answer where command.command.hasNoAnswer:
            return command.command == .quit ? ended(.clientQuit) : commandDone(.wait)
        case .answer:
            return commandDone(Answer(client: .send(sequence: command.lastSequence &+ 1)))
        }
    }

    /// The sequence id of the command's last packet, as the client has numbered it.
    public var lastCommandSequence: UInt8 { command.lastSequence }

    /// The next injected query went to the backend in so many packets.
    public mutating func injectionSent(_ injected: Command, packets: Int, needsResult: Bool) -> Answer {
        assert(state == .readQueryResult && command.isInjected)
        let last = UInt8(truncatingIfNeeded: packets - 1)
        scanner.commandSent(injected, lastSequence: last)
        // An answer whose packets must be numbered anew can't be relayed as it comes.
        let mustKeep = needsResult || last != command.lastSequence
        command.delivery = command.isAnswered && !needsResult ? .discard : mustKeep ? .keep : .relay
        if injected.hasNoAnswer {
            // There is nothing to be forwarded: the client's answer is another one's.
            command.delivery = .discard
            return Answer(consult: .result)
        }
        return .wait
    }

    /// Hooks have answered the injected query that ``injectionSent(_:packets:needsResult:)`` told of: `bytes` is the whole
    /// answer.
    ///
    /// What it says of the server's status isn't the server's word.
    public mutating func injectionAnswered(_ bytes: Span<UInt8>) -> Answer {
        let before = status
        let answer = answerReceived(bytes)
        status = before
        return answer
    }
}
