internal import MySQLWire

extension AnswerTranslator {
    /// Whether the packet that was taken for `phase` is the last of a series of definitions.
    @inline(__always)
    func endsDefinitions(_ phase: ResultScanner.Phase) -> Bool {
        switch phase {
        case .result, .columns: scanner.phase == .rows
        case .parameters: scanner.phase != .parameters || scanner.pending == .ended
        case .preparedColumns: scanner.pending == .ended
        case .idle, .login, .columnsEnd, .rows, .prepared, .parametersEnd, .preparedColumnsEnd, .fieldList, .status,
            .single, .binlog:
            false
        }
    }

    /// Takes extended metadata out, or puts an empty one in, and shows another name; false where nothing changes.
    func definition(
        _ packet: Packet, _ bytes: Span<UInt8>, _ draft: inout AnswerDraft
    ) throws(ScanViolation) -> Bool {
        let fields: DefinitionFields
        do {
            fields = try definitionFields(packet, bytes)
        } catch {
            throw .truncatedPacket(firstByte: bytes[packet.start], .definitions)
        }
        let shown = shownName(fields.name, packet.phase, bytes)
        guard shown != nil || metadataDiffers else { return false }
        draft.replace(bytes, length: packet.header.packetLength)
        append(fields, shown, packet, bytes, &draft)
        draft.endPacket(sequence: packet.sequence)
        return true
    }

    private func append(
        _ fields: DefinitionFields, _ shown: [UInt8]?, _ packet: Packet, _ bytes: Span<UInt8>,
        _ draft: inout AnswerDraft
    ) {
        let header = packet.start - PacketHeader.size
        if let shown {
            draft.beginPacket(bytes, header..<fields.nameStart)
            draft.appendLengthEncoded(shown)
            draft.append(bytes, fields.name.upperBound..<fields.namesEnd)
        } else {
            draft.beginPacket(bytes, header..<fields.namesEnd)
        }
        guard metadataDiffers else { return draft.append(bytes, fields.namesEnd..<packet.end) }
        if client.contains(.mariadbExtendedMetadata) { draft.output.append(0) }
        draft.append(bytes, fields.fixed..<packet.end)
    }

    /// Finds the fields behind the catalog, the schema, the table and the original table.
    private func definitionFields(
        _ packet: Packet, _ bytes: Span<UInt8>
    ) throws(ScanViolation) -> DefinitionFields {
        var at = packet.start
        for _ in 0..<4 { _ = try scanner.text(bytes, at: &at, end: packet.end) }
        let nameStart = at
        let name = try scanner.text(bytes, at: &at, end: packet.end)
        _ = try scanner.text(bytes, at: &at, end: packet.end)
        let namesEnd = at
        if backend.contains(.mariadbExtendedMetadata) { _ = try scanner.text(bytes, at: &at, end: packet.end) }
        return DefinitionFields(nameStart: nameStart, name: name, namesEnd: namesEnd, fixed: at)
    }

    /// The name to show in place of the one at `range`; only the answer's first result set has patched names.
    private func shownName(
        _ range: Range<Int>, _ phase: ResultScanner.Phase, _ bytes: Span<UInt8>
    ) -> [UInt8]? {
        guard !patches.columnNames.isEmpty else { return nil }
        guard phase == .preparedColumns || phase == .columns && scanner.summary.results == 0 else { return nil }
        let name = bytes.extracting(range)
        return patches.columnNames.first { $0.found.span.isEqual(to: name) }?.shown
    }

    /// Shows the client another statement id.
    func preparedHead(_ packet: Packet, _ bytes: Span<UInt8>, _ draft: inout AnswerDraft) -> Bool {
        guard let id = patches.statementID, packet.header.payloadLength >= 5 else { return false }
        draft.replace(bytes, length: packet.header.packetLength)
        draft.beginPacket()
        draft.output.append(0)
        draft.append(UInt16(truncatingIfNeeded: id))
        draft.append(UInt16(truncatingIfNeeded: id >> 16))
        draft.append(bytes, packet.start + 5..<packet.end)
        draft.endPacket(sequence: packet.sequence)
        return true
    }
}

/// Where the fields of a column definition are.
private struct DefinitionFields {
    /// The first byte of the name's length.
    let nameStart: Int
    /// The name.
    let name: Range<Int>
    /// The end of all names.
    let namesEnd: Int
    /// The begin of the fields of fixed size.
    let fixed: Int
}

extension Span<UInt8> {
    fileprivate func isEqual(to other: Span<UInt8>) -> Bool {
        guard count == other.count else { return false }
        for index in 0..<count where self[index] != other[index] { return false }
        return true
    }
}
