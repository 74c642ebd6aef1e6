internal import MySQLWire

extension ResultScanner {
    /// Bytes of an OK that are looked at: its first byte, two length-encoded integers, status and warnings.
    private static let okFront = 1 + 9 + 9 + 2 + 2
    /// A 0xFE packet of fewer bytes is an EOF; of more, it begins with an eight-byte integer.
    private static let eofLimit = 9

    /// The answer ends with the present packet.
    mutating func end() {
        pending = .ended
    }

    /// A result ended: the next one follows, or it was the last.
    mutating func endResult() {
        summary.results &+= 1
        if summary.status.contains(.moreResults) { phase = .result } else { end() }
    }

    /// An ERR, which ends every answer, or a progress report, which is a packet apart.
    mutating func error(_ bytes: Span<UInt8>, _ front: Front) throws(ScanViolation) -> Bool {
        guard front.holds(3) else { return false }
        guard front.length >= 3 else { throw .truncatedPacket(firstByte: 0xFF, phase.place) }
        let code = short(bytes, at: front.start + 1)
        if code == 0xFFFF, capabilities.contains(.mariadbProgress) { return true }
        summary.isError = true
        summary.errorCode = code
        summary.results &+= 1
        end()
        return true
    }

    /// Reads an OK that begins with 0x00, or the one with 0xFE that ends rows.
    mutating func ok(_ bytes: Span<UInt8>, _ front: Front) throws(ScanViolation) -> Bool {
        guard front.holds(Self.okFront) else { return false }
        var at = front.start + 1
        let end = front.start + min(front.length, Self.okFront)
        let affected = try integer(bytes, at: &at, end: end)
        let insertID = try integer(bytes, at: &at, end: end)
        guard end - at >= 2 || !capabilities.contains(.protocol41) else {
            throw .truncatedPacket(firstByte: bytes[front.start], phase.place)
        }
        summary.affectedRows &+= affected
        // The OK behind rows has nothing to say of inserts that came before it.
        if bytes[front.start] == 0 || insertID != 0 { summary.lastInsertID = insertID }
        if end - at >= 2 { tell(StatusFlags(rawValue: short(bytes, at: at))) }
        if end - at >= 4 { summary.warnings = short(bytes, at: at + 2) }
        return true
    }

    /// Reads an EOF: warnings, then status; one from before MySQL 4.1 has neither.
    mutating func eof(_ bytes: Span<UInt8>, _ front: Front) throws(ScanViolation) -> Bool {
        guard front.holds(5) else { return false }
        if front.length >= 5 {
            summary.warnings = short(bytes, at: front.start + 1)
            tell(StatusFlags(rawValue: short(bytes, at: front.start + 3)))
        } else if capabilities.contains(.protocol41) {
            throw .truncatedPacket(firstByte: 0xFE, phase.place)
        }
        return true
    }

    mutating func tell(_ status: StatusFlags) {
        summary.status = status
        hasStatus = true
    }

    /// Whether a packet that begins with 0xFE ends a series: in a row, that byte begins a value of 16 MiB or more.
    func isEnd(_ front: Front) -> Bool {
        deprecatesEOF ? front.length < PacketHeader.maximumPayload : front.length < Self.eofLimit
    }

    /// Reads what ends a series: an EOF, or an OK in its place; a server may still send a true EOF, of five bytes.
    mutating func seriesEnd(_ bytes: Span<UInt8>, _ front: Front) throws(ScanViolation) -> Bool {
        if deprecatesEOF, front.length > 5 { try ok(bytes, front) } else { try eof(bytes, front) }
    }

    /// The answer to a command that returns nothing.
    mutating func status(_ first: UInt8, _ bytes: Span<UInt8>, _ front: Front) throws(ScanViolation) -> Bool {
        switch first {
        case 0x00: guard try ok(bytes, front) else { return false }
        case 0xFE where isEnd(front): guard try seriesEnd(bytes, front) else { return false }
        // Open set: no other byte begins such a packet.
        default: throw unexpected(first, front)
        }
        summary.results &+= 1
        end()
        return true
    }

    /// The answer to a command with one packet of whatever contents.
    mutating func single(_ first: UInt8, _ bytes: Span<UInt8>, _ front: Front) throws(ScanViolation) -> Bool {
        if first == 0x00, front.length >= 7 {
            guard front.holds(Self.okFront) else { return false }
            // Most likely an OK, but nobody promised one.
            _ = try? ok(bytes, front)
        }
        summary.results &+= 1
        end()
        return true
    }

    func unexpected(_ first: UInt8, _ front: Front) -> ScanViolation {
        .unexpectedPacket(firstByte: first, payloadLength: front.length, phase.place)
    }
}
