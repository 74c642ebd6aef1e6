internal import MySQLWire

extension ResultScanner {
    /// Takes the packet whose header begins at `offset`; false where more of its first bytes are needed.
    mutating func accept(_ header: PacketHeader, _ bytes: Span<UInt8>, at offset: Int) throws(ScanViolation) -> Bool {
        let front = Front(start: offset + PacketHeader.size, length: header.payloadLength, count: bytes.count)
        guard phase != .idle else { throw .unasked(sequence: header.sequence) }
        guard try isInSequence(header, bytes, front) else { return false }
        if !isContinued {
            isRow = false
            guard try look(bytes, front) else { return false }
        }
        if isRow { summary.rowBytes &+= UInt64(header.packetLength) }
        sequence = header.sequence &+ 1
        remaining = header.payloadLength
        isContinued = header.isContinued
        return true
    }

    private func isInSequence(
        _ header: PacketHeader, _ bytes: Span<UInt8>, _ front: Front
    ) throws(ScanViolation) -> Bool {
        if header.sequence == sequence { return true }
        let violation = ScanViolation.outOfSequence(expected: sequence, found: header.sequence)
        // A server that gave up on an idle client left its ERR, numbered 0, before it saw the command.
        guard header.sequence == 0, !isContinued, phase.isFirstPacket, front.length > 0 else { throw violation }
        guard front.holds(1) else { return false }
        guard bytes[front.start] == 0xFF else { throw violation }
        return true
    }

    /// Looks at a packet's first bytes; false where they haven't all come.
    private mutating func look(_ bytes: Span<UInt8>, _ front: Front) throws(ScanViolation) -> Bool {
        if front.length == 0 {
            guard phase == .single else { throw .emptyPacket(phase.place) }
            end()
            return true
        }
        guard front.holds(1) else { return false }
        let first = bytes[front.start]
        if first == 0xFF { return try error(bytes, front) }
        switch phase {
        case .idle: throw .unasked(sequence: sequence)
        case .login: return try login(first, bytes, front)
        case .result: return try resultBegins(first, bytes, front)
        case .columns, .parameters, .preparedColumns: return try definition(first, front)
        case .columnsEnd, .parametersEnd, .preparedColumnsEnd: return try definitionsEnd(first, bytes, front)
        case .rows: return try row(first, bytes, front)
        case .prepared: return try prepared(first, bytes, front)
        case .fieldList: return try listedField(first, bytes, front)
        case .status: return try status(first, bytes, front)
        case .single: return try single(first, bytes, front)
        case .binlog: return try binlog(first, bytes, front)
        }
    }
}
