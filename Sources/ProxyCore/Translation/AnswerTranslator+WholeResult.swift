internal import MySQLWire

// The answer that most queries have: one result set, all of it at hand, which tells nothing but its rows.

extension AnswerTranslator {
    /// The most columns whose number is one byte.
    private static let mostColumns: UInt8 = 250
    /// An OK in place of an EOF: 0xFE, no affected rows, no insert id, status and warnings.
    private static let plainEnd = 7

    /// Deals with such an answer in one go, packet headers alone being looked at, as ``received(_:into:)`` does in many
    /// steps; nil, and nothing has changed, where it may be another one.
    @inline(__always)
    mutating func takeWholeResult(_ bytes: Span<UInt8>, _ draft: inout AnswerDraft) -> ScanEvent? {
        guard isPlain, bytes.count > PacketHeader.size, bytes[4] > 0, bytes[4] <= Self.mostColumns,
            let first = PacketHeader(bytes, at: 0), first.payloadLength == 1, first.sequence == scanner.sequence
        else { return nil }
        var probe = scanner
        probe.sequence &+= 1
        probe.summary.columns = UInt32(bytes[4])
        // One more than there are, since the walk leaves the last one out.
        probe.definitions = UInt32(bytes[4]) &+ 1
        let rows = probe.walkDefinitions(bytes, from: first.packetLength)
        guard probe.definitions == 1 else { return nil }
        probe.definitions = 0
        let end = probe.walkRows(bytes, from: rows)
        guard probe.takeEnd(bytes, at: end, payload: Self.plainEnd) else { return nil }
        if insertsEOF { insertEOFs(bytes, rows: rows, end: end, probe, &draft) }
        scanner = probe
        tell(.series)
        draft.at = bytes.count
        return .ended
    }

    /// Whether nothing but the form of EOFs may differ between both sides.
    @inline(__always)
    private var isPlain: Bool {
        scanner.isBeforeResult && scanner.deprecatesEOF && !rewritesDefinitions && shift == 0 && lastResult == nil
            && backend.isDisjoint(with: [.optionalResultsetMetadata, .mariadbCacheMetadata])
            && !(insertsEOF && scanner.mayOpenCursor)
    }

    /// The client's form, with an EOF behind the definitions and one behind the rows.
    @inline(__always)
    private mutating func insertEOFs(
        _ bytes: Span<UInt8>, rows: Int, end: Int, _ probe: ResultScanner, _ draft: inout AnswerDraft
    ) {
        draft.copy(bytes, to: rows)
        appendEOF(warnings: 0, sessionStatus, sequence: bytes[rows &+ 3], &draft)
        if end > rows { draft.renumber(bytes, from: rows, to: end, by: 1) }
        draft.at = end
        draft.replace(bytes, length: bytes.count &- end)
        appendEOF(warnings: probe.summary.warnings, probe.summary.status, sequence: probe.sequence, &draft)
        shift = 1
    }
}

extension ResultScanner {
    /// Whether the first result of an answer is awaited.
    @inline(__always)
    fileprivate var isBeforeResult: Bool {
        phase == .result && pending == .nothing && isAtPacketBorder && summary.results == 0
    }

    /// Takes the end of rows at `offset`, with which all bytes and the answer end; false where it isn't that.
    @inline(__always)
    fileprivate mutating func takeEnd(_ bytes: Span<UInt8>, at offset: Int, payload length: Int) -> Bool {
        let start = offset &+ PacketHeader.size
        guard bytes.count == start &+ length, let header = PacketHeader(bytes, at: offset),
            header.payloadLength == length, header.sequence == sequence, bytes[start] == 0xFE,
            let isRead = try? ok(bytes, Front(start: start, length: length, count: bytes.count)), isRead,
            summary.status.isDisjoint(with: [.moreResults, .sessionStateChanged])
        else { return false }
        sequence &+= 1
        summary.results &+= 1
        phase = .idle
        return true
    }
}
