internal import MySQLWire

extension AnswerTranslator {
    /// A first row of more bytes isn't waited for: output parameters beyond are told by the later EOF alone.
    private static let longestHeldRow = 1 << 16

    /// What follows the columns of an execution, as far as its bytes tell.
    private enum Outlook {
        /// More bytes are needed.
        case unknown
        /// Rows, and nothing is known of their end.
        case rows
        /// The result's end, behind one row or none.
        case end(StatusFlags, rows: Int)
    }

    /// Sends the EOF that is due behind definitions; false where the bytes that decide about it haven't come.
    ///
    /// A server with EOFs says in that one whether a cursor was opened, and then nothing more; and whether a result
    /// holds output parameters, which connectors read there. A server without them says it at the result's end.
    mutating func payEOF(_ bytes: Span<UInt8>, _ draft: inout AnswerDraft) -> Bool {
        var status = sessionStatus
        if scanner.mayOpenCursor, scanner.phase == .rows {
            switch outlook(bytes, draft.at) {
            case .unknown: return false
            case .rows: break
            case .end(let told, let rows):
                if rows == 0, told.contains(.cursorExists), !told.contains(.moreResults) {
                    owesEOF = false
                    return true
                }
                status = told
            }
        }
        insertEOF(status, bytes, &draft)
        owesEOF = false
        return true
    }

    private mutating func insertEOF(_ status: StatusFlags, _ bytes: Span<UInt8>, _ draft: inout AnswerDraft) {
        draft.copy(bytes, to: draft.at)
        appendEOF(warnings: 0, status, sequence: clientSequence, &draft)
        shift &+= 1
    }

    /// Appends an EOF to the output.
    func appendEOF(warnings: UInt16, _ status: StatusFlags, sequence: UInt8, _ draft: inout AnswerDraft) {
        draft.append(eof(warnings: warnings, status, sequence: sequence))
    }

    /// An EOF, header included.
    func eof(warnings: UInt16, _ status: StatusFlags, sequence: UInt8) -> InlineArray<9, UInt8> {
        let flags = status.subtracting(.sessionStateChanged).rawValue
        return [
            5, 0, 0, sequence, 0xFE, UInt8(truncatingIfNeeded: warnings), UInt8(truncatingIfNeeded: warnings >> 8),
            UInt8(truncatingIfNeeded: flags), UInt8(truncatingIfNeeded: flags >> 8),
        ]
    }

    private func outlook(_ bytes: Span<UInt8>, _ offset: Int) -> Outlook {
        let first = outlook(bytes, offset, rows: 0)
        guard case .rows = first, let header = PacketHeader(bytes, at: offset) else { return first }
        let start = offset + PacketHeader.size
        let isHeld = header.payloadLength <= Self.longestHeldRow && start < bytes.count && bytes[start] != 0xFF
        guard isHeld else { return .rows }
        return outlook(bytes, offset + header.packetLength, rows: 1)
    }

    /// What the packet at `offset` is, which comes behind so many rows.
    private func outlook(_ bytes: Span<UInt8>, _ offset: Int, rows: Int) -> Outlook {
        guard offset < bytes.count, let header = PacketHeader(bytes, at: offset) else { return .unknown }
        guard header.payloadLength > 0, header.sequence == scanner.sequence &+ UInt8(rows) else { return .rows }
        guard offset + PacketHeader.size < bytes.count else { return .unknown }
        guard kind(of: header, first: bytes[offset + PacketHeader.size]) == .seriesEnd else { return .rows }
        var probe = scanner
        probe.sequence = header.sequence
        do {
            return try probe.accept(header, bytes, at: offset) ? .end(probe.summary.status, rows: rows) : .unknown
        } catch {
            return .rows
        }
    }
}
