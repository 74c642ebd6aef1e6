public import MySQLWire

/// A packet by its sequence id and payload.
public struct RecordedPacket: Equatable, Sendable {
    /// Its sequence id.
    public var sequence: UInt8
    /// What follows its header.
    public var payload: [UInt8]

    /// A packet with this payload.
    public init(sequence: UInt8, payload: [UInt8]) {
        self.sequence = sequence
        self.payload = payload
    }

    /// The packet as it is sent.
    public var bytes: [UInt8] {
        let length = payload.count
        return [UInt8(length & 0xFF), UInt8(length >> 8 & 0xFF), UInt8(length >> 16), sequence] + payload
    }
}

extension [UInt8] {
    /// The packets that the bytes are.
    public var packets: [RecordedPacket] {
        var found: [RecordedPacket] = []
        var at = 0
        while let header = PacketHeader(span, at: at) {
            let payload = dropFirst(at + PacketHeader.size).prefix(header.payloadLength)
            found.append(RecordedPacket(sequence: header.sequence, payload: Array(payload)))
            at += header.packetLength
        }
        return found
    }
}

/// A server's answer to one command, recorded packet by packet.
public struct RecordedAnswer: Sendable, CustomStringConvertible {
    /// What the recording calls it.
    public var name: String
    /// The command that it answers.
    public var command: Command
    /// What its connection had negotiated.
    public var capabilities: Capabilities
    /// Its packets, in their order.
    public var packets: [RecordedPacket] = []

    /// The packets as they came.
    public var bytes: [UInt8] { packets.flatMap(\.bytes) }
    /// The sequence id of the command's last packet.
    public var lastSequence: UInt8 { (packets.first?.sequence ?? 1) &- 1 }
    /// Its name, and which kind of ends it has.
    public var description: String { "\(name) \(capabilities.contains(.deprecateEOF) ? "deprecated" : "classic")" }
    /// The status flags of the last packet, an EOF or an OK without changes of the session.
    public var endStatus: StatusFlags {
        let bytes = packets.last?.bytes ?? []
        let at = bytes.count - (capabilities.contains(.deprecateEOF) ? 4 : 2)
        return StatusFlags(rawValue: UInt16(bytes[at]) | UInt16(bytes[at + 1]) << 8)
    }

    /// The answers in a text.
    ///
    /// `= name command capabilities` begins one, the numbers hexadecimal; then a line a packet, sequence id and payload;
    /// `.` carries a payload on.
    public static func parse(_ text: String) -> [RecordedAnswer] {
        var found: [RecordedAnswer] = []
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words[0] == "=" {
                found.append(
                    RecordedAnswer(
                        name: String(words[1]), command: Command(rawValue: UInt8(words[2], radix: 16) ?? 0),
                        capabilities: Capabilities(rawValue: UInt64(words[3], radix: 16) ?? 0)))
            } else if words[0] == "." {
                let last = found[found.count - 1].packets.count - 1
                found[found.count - 1].packets[last].payload += hexadecimal(words[1])
            } else {
                let packet = RecordedPacket(sequence: UInt8(words[0]) ?? 0, payload: hexadecimal(words[1]))
                found[found.count - 1].packets.append(packet)
            }
        }
        return found
    }

    private static func hexadecimal(_ text: Substring) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = text
        while let byte = UInt8(rest.prefix(2), radix: 16) {
            bytes.append(byte)
            rest = rest.dropFirst(2)
        }
        return bytes
    }
}
