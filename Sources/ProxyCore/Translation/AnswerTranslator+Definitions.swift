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
        append(fields, shown?.shown, packet, bytes, &draft)
        appendFixed(shown?.type, fields.fixed..<packet.end, bytes, &draft)
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
        guard metadataDiffers else { return draft.append(bytes, fields.namesEnd..<fields.fixed) }
        if client.contains(.mariadbExtendedMetadata) { draft.output.append(0) }
    }

    /// The fields of fixed size: their length, collation (2 bytes), length (4), type (1), flags (2), then the rest.
    private func appendFixed(
        _ type: AnswerPatches.ValueType?, _ range: Range<Int>, _ bytes: Span<UInt8>, _ draft: inout AnswerDraft
    ) {
        guard let type, range.count >= 10 else { return draft.append(bytes, range) }
        draft.append(bytes, range.lowerBound..<range.lowerBound + 3)
        draft.append(UInt16(truncatingIfNeeded: type.length))
        draft.append(UInt16(truncatingIfNeeded: type.length >> 16))
        draft.output.append(type.type)
        draft.append(type.flags)
        draft.append(bytes, range.lowerBound + 10..<range.upperBound)
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

    /// What to show in place of the name at `range`; only the answer's first result set has patched names.
    private func shownName(
        _ range: Range<Int>, _ phase: ResultScanner.Phase, _ bytes: Span<UInt8>
    ) -> AnswerPatches.ColumnName? {
        guard !patches.columnNames.isEmpty else { return nil }
        guard phase == .preparedColumns || phase == .columns && scanner.summary.results == 0 else { return nil }
        let name = bytes.extracting(range)
        if let whole = patches.columnNames.first(where: { $0.found.span.isEqual(to: name) }) { return whole }
        return patchedInside(name)
    }

    /// A name that holds some to be patched: that of an expression.
    private func patchedInside(_ name: Span<UInt8>) -> AnswerPatches.ColumnName? {
        var shown: [UInt8] = []
        var isPatched = false
        var at = 0
        while at < name.count {
            let patch = patches.columnNames.first { patch in
                let length = patch.found.count
                return length > 0 && length <= name.count - at
                    && patch.found.span.isEqual(to: name.extracting(at..<at + length))
            }
            shown += patch?.shown ?? [name[at]]
            at += patch?.found.count ?? 1
            isPatched = isPatched || patch != nil
        }
        return isPatched ? AnswerPatches.ColumnName(found: [], shown: shown) : nil
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
