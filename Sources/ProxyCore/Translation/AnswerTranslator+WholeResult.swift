internal import MySQLWire

// The answer that most queries have: one result set, all of it at hand, which tells nothing but its rows.

extension AnswerTranslator {
    /// Deals with such an answer in one go, packet headers alone being looked at, as ``received(_:into:)`` does in many
    /// steps; nil, and nothing has changed, where it may be another one.
    @inline(__always)
    mutating func takeWholeResult(_ bytes: Span<UInt8>, _ draft: inout AnswerDraft) -> ScanEvent? {
        guard isPlain, let first = scanner.plainFront(bytes) else { return nil }
        var probe = scanner
        guard let rows = probe.walkFront(bytes, from: first) else { return nil }
        let end = probe.walkRows(bytes, from: rows)
        guard probe.takeOK(bytes, at: end), bytes.count == end &+ PacketHeader.size &+ ResultScanner.plainOK,
            probe.phase == .idle, !probe.summary.status.contains(.sessionStateChanged)
        else { return nil }
        if insertsEOF { insertEOFs(bytes, rows: rows, end: end, probe, &draft) }
        scanner = probe
        tell(.series)
        draft.at = bytes.count
        return .ended
    }

    /// Whether nothing but the form of EOFs may differ between both sides.
    @inline(__always)
    private var isPlain: Bool {
        scanner.isBeforeResult && scanner.deprecatesEOF && !scanner.tellsDefinitions && !rewritesDefinitions
            && shift == 0 && lastResult == nil
            && !(insertsEOF && scanner.mayOpenCursor)
    }

    /// The client's form, with an EOF behind the definitions and one behind the rows.
    @inline(__always)
    private mutating func insertEOFs(
        _ bytes: Span<UInt8>, rows: Int, end: Int, _ probe: ResultScanner, _ draft: inout AnswerDraft
    ) {
        draft.frame(
            bytes, rows: rows..<end, between: eof(warnings: 0, sessionStatus, sequence: bytes[rows &+ 3]),
            and: eof(warnings: probe.summary.warnings, probe.summary.status, sequence: probe.sequence))
        shift = 1
    }
}
