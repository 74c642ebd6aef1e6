import MySQLWire
import ProxyCore

/// An answer ready to be sent, its sequence ids from 1 on.
struct FramedAnswer: Sendable {
    /// The packets up to the result's end; the cache's own bytes, not a copy, where the reader needs no others.
    var front: [UInt8]
    /// The packets behind them.
    var end: [UInt8]
}

extension AnswerContent {
    /// The answer for a client with `capabilities`, whose session has these status flags.
    ///
    /// The client has extended metadata or not as the one that the answer was captured from, which the key sees to.
    func framed(for capabilities: Capabilities, status session: StatusFlags) -> FramedAnswer {
        let status = session.intersection(.ofSession).union(status).rawValue
        let namesFollow = !capabilities.isDisjoint(with: [.optionalResultsetMetadata, .mariadbCacheMetadata])
        let end = capabilities.contains(.deprecateEOF) ? ok(status) : eof(endSequence &+ 1, status, warnings)
        guard namesFollow || !capabilities.contains(.deprecateEOF) else { return FramedAnswer(front: bytes, end: end) }
        var front: [UInt8] = []
        front.reserveCapacity(bytes.count + 10)
        let definitions = namesFollow ? appendHead(to: &front) : 0
        front += bytes[definitions..<rowsStart]
        if !capabilities.contains(.deprecateEOF) { front += eof(rowsSequence, status, 0) }
        let rows = front.count
        front += bytes[rowsStart...]
        if !capabilities.contains(.deprecateEOF) { Self.renumber(&front, from: rows) }
        return FramedAnswer(front: front, end: end)
    }

    /// The sequence id of what follows the definitions.
    private var rowsSequence: UInt8 { rowsStart + 3 < bytes.count ? bytes[rowsStart + 3] : endSequence }

    /// Tells that definitions follow, to a client for which they may be left out.
    ///
    /// MySQL's manual has the flag in front of the count; its server and client, and MariaDB, have it behind.
    ///
    /// - Returns: where the definitions begin.
    private func appendHead(to front: inout [UInt8]) -> Int {
        guard let head = PacketHeader(bytes.span), head.packetLength <= rowsStart else { return 0 }
        front += [UInt8(truncatingIfNeeded: head.payloadLength + 1), 0, 0, head.sequence]
        front += bytes[PacketHeader.size..<head.packetLength]
        front.append(1)
        return head.packetLength
    }

    /// An EOF stands in front of the packets from `start` on: each has the next id.
    private static func renumber(_ packets: inout [UInt8], from start: Int) {
        var at = start
        var bytes = packets.mutableSpan
        while at + PacketHeader.size <= bytes.count {
            let length = Int(bytes[at]) | Int(bytes[at + 1]) << 8 | Int(bytes[at + 2]) << 16
            bytes[at + 3] &+= 1
            at += PacketHeader.size + length
        }
    }

    // One array each, since hits are most of what the cache is for: the packets' writers take several.

    private func ok(_ status: UInt16) -> [UInt8] {
        [
            7, 0, 0, endSequence, 0xFE, 0, 0, UInt8(truncatingIfNeeded: status), UInt8(truncatingIfNeeded: status >> 8),
            UInt8(truncatingIfNeeded: warnings), UInt8(truncatingIfNeeded: warnings >> 8),
        ]
    }

    private func eof(_ sequence: UInt8, _ status: UInt16, _ warnings: UInt16) -> [UInt8] {
        [
            5, 0, 0, sequence, 0xFE, UInt8(truncatingIfNeeded: warnings), UInt8(truncatingIfNeeded: warnings >> 8),
            UInt8(truncatingIfNeeded: status), UInt8(truncatingIfNeeded: status >> 8),
        ]
    }
}

extension FramedAnswer {
    /// The answer's payloads, for those who frame them again.
    var payloads: [[UInt8]] {
        var found: [[UInt8]] = []
        for part in [front, end] {
            var joiner = PacketJoiner()
            var at = 0
            while let joined = try? joiner.next(in: part.span, from: &at) { found.append(joined.payload) }
        }
        return found
    }
}
