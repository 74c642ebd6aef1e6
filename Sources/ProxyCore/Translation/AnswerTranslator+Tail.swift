internal import MySQLWire

/// What stands behind an OK's numbers.
struct OKTail {
    /// Where the status flags are, from the payload's first byte on.
    var status = 0
    /// Where the info text is.
    var info = 0..<0
    /// Changes of the session's state.
    var changes: [SessionStateChange] = []
}

extension AnswerTranslator {
    /// Reads an OK's info and changes, and shows the client those that it is told; false where nothing changes.
    mutating func tail(
        _ packet: Packet, _ bytes: Span<UInt8>, _ draft: inout AnswerDraft
    ) throws(ScanViolation) -> Bool {
        guard let tail = try readTail(packet, bytes) else { return false }
        guard scanner.summary.status.contains(.sessionStateChanged) else { return false }
        let told = client.contains(.sessionTrack) ? trackPolicy.told(tail.changes) : []
        guard told.isEmpty || told != tail.changes else { return false }
        draft.replace(bytes, length: packet.header.packetLength)
        draft.beginPacket()
        draft.append(bytes, packet.start..<packet.start + tail.status)
        append(tail, told, packet, bytes, &draft)
        draft.endPacket(sequence: packet.sequence)
        return true
    }

    /// Servers leave out an empty info text where no changes follow it, and put a length in front of every other one.
    private func append(
        _ tail: OKTail, _ told: [SessionStateChange], _ packet: Packet, _ bytes: Span<UInt8>,
        _ draft: inout AnswerDraft
    ) {
        let told = told.isEmpty ? nil : told
        let status = scanner.summary.status
        draft.append(told == nil ? status.subtracting(.sessionStateChanged).rawValue : status.rawValue)
        draft.append(scanner.summary.warnings)
        if told != nil || !tail.info.isEmpty { draft.appendLengthEncoded(lastInfo) }
        guard let told else { return }
        var block = PayloadWriter()
        for change in told { change.encode(into: &block) }
        draft.appendLengthEncoded(block.bytes)
    }

    /// Reads what stands behind an OK's numbers, and keeps it; nil where there is nothing.
    mutating func readTail(_ packet: Packet, _ bytes: Span<UInt8>) throws(ScanViolation) -> OKTail? {
        let hasChanges = scanner.summary.status.contains(.sessionStateChanged)
        // Most OKs are their numbers alone, each below 251.
        guard packet.header.payloadLength > 7 || hasChanges else { return nil }
        var tail = OKTail()
        do {
            try tail.read(
                bytes.extracting(packet.start..<packet.end), tracks: backend.contains(.sessionTrack),
                hasChanges: hasChanges)
        } catch {
            throw .truncatedPacket(firstByte: bytes[packet.start], .status)
        }
        if !tail.info.isEmpty {
            let start = packet.start
            bytes.extracting(start + tail.info.lowerBound..<start + tail.info.upperBound)
                .withUnsafeBufferPointer { lastInfo.append(contentsOf: $0) }
        }
        if changes.isEmpty { changes = tail.changes } else { changes.append(contentsOf: tail.changes) }
        return tail
    }
}

extension OKTail {
    fileprivate mutating func read(_ payload: Span<UInt8>, tracks: Bool, hasChanges: Bool) throws(WireError) {
        var reader = ByteReader(payload, of: "OK")
        try reader.skip(1, "the byte 0x00 or 0xFE")
        _ = try reader.lengthEncoded("the affected rows")
        _ = try reader.lengthEncoded("the insert id")
        status = reader.offset
        try reader.skip(4, "the status flags and the warnings")
        guard !reader.isAtEnd else { return }
        let rest = reader.offset..<payload.count
        let text = try? reader.lengthEncodedRange("the info text")
        guard tracks else {
            // The manual makes it the rest of the packet, servers put a length in front; it is a length where it fits.
            info = text.flatMap { reader.isAtEnd ? $0 : nil } ?? rest
            return
        }
        guard let text else { throw reader.error(expecting: "the info text") }
        info = text
        guard hasChanges, !reader.isAtEnd else { return }
        let block = try reader.lengthEncodedRange("the session-state information")
        changes = try SessionStateChange.decodeAll(payload.extracting(block))
    }
}
