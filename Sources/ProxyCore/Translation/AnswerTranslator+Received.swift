internal import MySQLWire

extension AnswerTranslator {
    /// Bytes came from the backend, beginning where the previous call's `consumed` left off.
    ///
    /// Consumed bytes go to the client as they are or as what is appended to `output`, which the step tells. The others
    /// are to be presented again: with more behind them after ``ScanEvent/more``, to the next command's answer after the
    /// end. After a violation nothing sensible can follow on the backend's connection.
    ///
    /// Left unconsumed are, besides 28 bytes at most: an OK, EOF or ERR that isn't whole (below 16 MiB), a definition
    /// that has to change and isn't whole, and, for a client with EOFs, the first row of an execution (64 KiB at most)
    /// until the begin of the next packet is there.
    package mutating func received(_ bytes: Span<UInt8>, into output: inout [UInt8]) -> TranslatedStep {
        var draft = AnswerDraft(output: [])
        swap(&draft.output, &output)
        let event = takeWholeResult(bytes, &draft) ?? advance(bytes, &draft)
        if case .endless = event { draft.at = bytes.count }
        if draft.isRewritten { draft.copy(bytes, to: draft.at) }
        swap(&draft.output, &output)
        return TranslatedStep(
            consumed: draft.at, form: draft.isRewritten ? .rewritten : .unchanged, event: event)
    }

    private mutating func advance(_ bytes: Span<UInt8>, _ draft: inout AnswerDraft) -> ScanEvent {
        while true {
            draft.at += scanner.skipPayload(bytes.count - draft.at)
            if scanner.remaining > 0 { return .more }
            if !scanner.isContinued {
                if owesEOF { guard payEOF(bytes, &draft) else { return .more } }
                if let event = scanner.takePending() { return told(event) }
                walk(bytes, &draft)
            }
            guard draft.at < bytes.count, let header = PacketHeader(bytes, at: draft.at) else { return .more }
            do {
                guard try accept(header, bytes, &draft) else { return .more }
            } catch {
                scanner.phase = .idle
                return .violation(error)
            }
            draft.at += PacketHeader.size
        }
    }

    /// A stream without an end stays one.
    private mutating func told(_ event: ScanEvent) -> ScanEvent {
        if case .endless = event { scanner.pending = .endless }
        return event
    }

    /// Walks over rows, and over definitions that stay as they are.
    private mutating func walk(_ bytes: Span<UInt8>, _ draft: inout AnswerDraft) {
        let start = draft.at
        switch scanner.phase {
        case .rows: draft.at = scanner.walkRows(bytes, from: start)
        case .columns, .parameters, .preparedColumns:
            if !rewritesDefinitions { draft.at = scanner.walkDefinitions(bytes, from: start) }
        case .idle, .login, .result, .columnsEnd, .prepared, .parametersEnd, .preparedColumnsEnd, .fieldList, .status,
            .single, .binlog:
            return
        }
        if shift != 0, draft.at > start { draft.renumber(bytes, from: start, to: draft.at, by: shift) }
    }

    /// Takes the packet that begins at ``AnswerDraft/at``; false where more of its bytes are needed.
    private mutating func accept(
        _ header: PacketHeader, _ bytes: Span<UInt8>, _ draft: inout AnswerDraft
    ) throws(ScanViolation) -> Bool {
        let start = draft.at + PacketHeader.size
        if header.payloadLength > 0, start >= bytes.count { return false }
        let kind = header.payloadLength > 0 ? kind(of: header, first: bytes[start]) : .relayed
        let isWhole = bytes.count - start >= header.payloadLength
        guard kind == .relayed || !header.isContinued else {
            throw .unexpectedPacket(
                firstByte: bytes[start], payloadLength: header.payloadLength, scanner.phase.place)
        }
        guard kind == .relayed || isWhole else { return try isWorthWaiting(header, bytes, at: draft.at) }
        let expected = scanner.sequence &+ shift
        let phase = scanner.phase
        guard try scanner.accept(header, bytes, at: draft.at) else { return false }
        if kind != .relayed {
            let packet = Packet(header: header, start: start, phase: phase, sequence: expected)
            try translate(kind, packet, bytes, &draft)
        } else if header.sequence != expected {
            draft.renumber(bytes, headerAt: draft.at, as: expected)
        }
        if insertsEOF, kind == .relayed || kind == .definition, endsDefinitions(phase) { owesEOF = true }
        return true
    }

    /// Always false; a packet that can't stand here is refused before all of it has come.
    private func isWorthWaiting(
        _ header: PacketHeader, _ bytes: Span<UInt8>, at offset: Int
    ) throws(ScanViolation) -> Bool {
        var probe = scanner
        _ = try probe.accept(header, bytes, at: offset)
        return false
    }
}
