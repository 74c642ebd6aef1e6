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
            fields = try DefinitionFields(
                bytes.extracting(packet.start..<packet.end), extended: backend.contains(.mariadbExtendedMetadata))
        } catch {
            throw .truncatedPacket(firstByte: bytes[packet.start], .definitions)
        }
        let shown = shownName(fields.name.advanced(by: packet.start), packet.phase, bytes)
        guard shown != nil || metadataDiffers else { return false }
        draft.replace(bytes, length: packet.header.packetLength)
        draft.beginPacket()
        append(fields, shown, packet, bytes, &draft)
        draft.endPacket(sequence: packet.sequence)
        return true
    }

    private func append(
        _ fields: DefinitionFields, _ shown: [UInt8]?, _ packet: Packet, _ bytes: Span<UInt8>,
        _ draft: inout AnswerDraft
    ) {
        var from = packet.start
        if let shown {
            draft.append(bytes, from..<packet.start + fields.nameStart)
            draft.appendLengthEncoded(shown)
            from = packet.start + fields.name.upperBound
        }
        draft.append(bytes, from..<packet.start + fields.names)
        if backend.contains(.mariadbExtendedMetadata), client.contains(.mariadbExtendedMetadata) {
            draft.append(bytes, packet.start + fields.names..<packet.start + fields.fixed)
        } else if client.contains(.mariadbExtendedMetadata) {
            draft.output.append(0)
        }
        draft.append(bytes, packet.start + fields.fixed..<packet.end)
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

/// Where the fields of a column definition are, from the payload's first byte on.
private struct DefinitionFields {
    /// The first byte of the name's length.
    let nameStart: Int
    /// The name.
    let name: Range<Int>
    /// The end of all names.
    let names: Int
    /// The begin of the fields of fixed size.
    let fixed: Int

    init(_ payload: Span<UInt8>, extended: Bool) throws(WireError) {
        var reader = ByteReader(payload, of: "column definition")
        for _ in 0..<4 { _ = try reader.lengthEncodedRange("the names in front of the name") }
        nameStart = reader.offset
        name = try reader.lengthEncodedRange("the name")
        _ = try reader.lengthEncodedRange("the original name")
        names = reader.offset
        if extended { _ = try reader.lengthEncodedRange("the extended metadata") }
        fixed = reader.offset
    }
}

extension Range<Int> {
    fileprivate func advanced(by distance: Int) -> Self { lowerBound + distance..<upperBound + distance }
}

extension Span<UInt8> {
    fileprivate func isEqual(to other: Span<UInt8>) -> Bool {
        guard count == other.count else { return false }
        for index in 0..<count where self[index] != other[index] { return false }
        return true
    }
}
