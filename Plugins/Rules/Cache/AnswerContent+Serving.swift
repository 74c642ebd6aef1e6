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
    /// What changes packets in front of the result's end.
    private static let shaping: Capabilities = [
        .deprecateEOF, .mariadbExtendedMetadata, .optionalResultsetMetadata, .mariadbCacheMetadata,
    ]

    /// The answer for a client with `capabilities`, whose session has these status flags.
    func framed(for capabilities: Capabilities, status session: StatusFlags) -> FramedAnswer {
        let form = Self.form(hasExtendedMetadata: hasExtendedMetadata)
        let status = session.intersection(.ofSession).union(status)
        var writer = PacketWriter(sequence: endSequence)
        writer.appendResultEnd(status: status, warnings: warnings, capabilities: form)
        let end = writer.take()
        let wanted = capabilities.intersection(Self.shaping)
        guard wanted != form.intersection(Self.shaping) else { return FramedAnswer(front: bytes, end: end) }
        return FramedAnswer(front: translated(end, from: form, to: capabilities, status), end: [])
    }

    private func translated(
        _ end: [UInt8], from form: Capabilities, to capabilities: Capabilities, _ status: StatusFlags
    ) -> [UInt8] {
        var translator = AnswerTranslator(backend: form, client: capabilities)
        translator.commandSent(.query, lastSequence: 0, clientSequence: 1, status: status)
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count + end.count + 2 * 9)
        for part in [bytes, end] {
            let step = translator.received(part.span, into: &output)
            if step.form == .unchanged { output += part[..<step.consumed] }
        }
        if let head = Self.head(of: output.span, capabilities) {
            output.replaceSubrange(..<head.replaced, with: head.bytes)
        }
        return output
    }

    /// The packet with the number of columns, for clients that want to be told that their definitions follow.
    private static func head(
        of packets: Span<UInt8>, _ capabilities: Capabilities
    ) -> (bytes: [UInt8], replaced: Int)? {
        guard !capabilities.isDisjoint(with: [.optionalResultsetMetadata, .mariadbCacheMetadata]),
            let first = PacketHeader(packets), first.packetLength <= packets.count
        else { return nil }
        // MySQL's manual has the flag in front; its server and client, and MariaDB, have it behind the count.
        var payload = packets.extracting(PacketHeader.size..<first.packetLength).withUnsafeBufferPointer { Array($0) }
        payload.append(1)
        var writer = PacketWriter(sequence: 1)
        writer.append(payload)
        return (writer.take(), first.packetLength)
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
