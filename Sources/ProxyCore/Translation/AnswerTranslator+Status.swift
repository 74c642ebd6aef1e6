internal import MySQLWire

extension AnswerTranslator {
    /// Keeps what a result told.
    mutating func tell(_ kind: StatementResult.Kind) {
        if let lastResult { earlierResults.append(lastResult) }
        let result = StatementResult(kind, scanner.summary, affectedBefore: affectedBefore, rowsBefore: rowsBefore)
        lastResult = result
        mostWarnings = max(mostWarnings, result.warnings)
        (affectedBefore, rowsBefore) = (scanner.summary.affectedRows, scanner.summary.rows)
        lastChangesStart = changes.count
        if !lastInfo.isEmpty { lastInfo.removeAll(keepingCapacity: true) }
        guard kind != .error else { return }
        if result.lastInsertID != 0 { lastInsertID = result.lastInsertID }
        sessionStatus = result.status.intersection(.ofSession)
    }

    /// A statement's OK.
    mutating func ok(
        _ packet: Packet, _ bytes: Span<UInt8>, _ draft: inout AnswerDraft
    ) throws(ScanViolation) -> Bool {
        tell(.ok)
        return try tail(packet, bytes, &draft)
    }

    /// The end of rows, or another answer that is an EOF or an OK in its place.
    mutating func seriesEnd(
        _ packet: Packet, _ bytes: Span<UInt8>, _ draft: inout AnswerDraft
    ) throws(ScanViolation) -> Bool {
        tell(.series)
        let isOK = backend.contains(.deprecateEOF) && packet.header.payloadLength > 5
        guard isOK else {
            if removesEOF { return replaceByOK(packet, bytes, &draft) }
            guard scanner.summary.status.contains(.sessionStateChanged) else { return false }
            return replaceByEOF(packet, bytes, &draft)
        }
        guard insertsEOF else { return try tail(packet, bytes, &draft) }
        _ = try readTail(packet, bytes)
        return replaceByEOF(packet, bytes, &draft)
    }

    /// The backend's EOF behind definitions; the one of an opened cursor ends the result.
    mutating func definitionsEnd(
        _ packet: Packet, _ bytes: Span<UInt8>, _ draft: inout AnswerDraft
    ) -> Bool {
        let endsResult = packet.phase == .columnsEnd && scanner.phase != .rows
        if endsResult { tell(.series) }
        guard removesEOF else {
            guard scanner.summary.status.contains(.sessionStateChanged) else { return false }
            return replaceByEOF(packet, bytes, &draft)
        }
        guard !endsResult else { return replaceByOK(packet, bytes, &draft) }
        draft.replace(bytes, length: packet.header.packetLength)
        shift &-= 1
        return true
    }

    private func replaceByEOF(_ packet: Packet, _ bytes: Span<UInt8>, _ draft: inout AnswerDraft) -> Bool {
        draft.replace(bytes, length: packet.header.packetLength)
        let told = scanner.summary
        appendEOF(warnings: told.warnings, told.status, sequence: packet.sequence, &draft)
        return true
    }

    private func replaceByOK(_ packet: Packet, _ bytes: Span<UInt8>, _ draft: inout AnswerDraft) -> Bool {
        draft.replace(bytes, length: packet.header.packetLength)
        draft.beginPacket()
        draft.output.append(0xFE)
        draft.append(0 as UInt16)
        draft.append(scanner.summary.status.subtracting(.sessionStateChanged).rawValue)
        draft.append(scanner.summary.warnings)
        draft.endPacket(sequence: packet.sequence)
        return true
    }
}
