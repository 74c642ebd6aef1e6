import MySQLWire

extension [UInt8] {
    /// Gives whole packets sequence ids from `first` on.
    mutating func renumberPackets(from first: UInt8) {
        var sequence = first
        var offset = 0
        while let header = PacketHeader(span, at: offset) {
            self[offset + 3] = sequence
            sequence &+= 1
            offset += header.packetLength
        }
    }

    /// The packets of the payload, numbered from `sequence` on.
    static func packets(of payload: [UInt8], from sequence: UInt8 = 0) -> [UInt8] {
        packets(of: [payload], from: sequence)
    }

    /// The packets of the payloads, numbered from `sequence` on.
    static func packets(of payloads: [[UInt8]], from sequence: UInt8) -> [UInt8] {
        var writer = PacketWriter(sequence: sequence)
        for payload in payloads { writer.append(payload) }
        return writer.take()
    }
}

extension Span<UInt8> {
    /// How many packets there are.
    var packetCount: Int {
        var count = 0
        var offset = 0
        while let header = PacketHeader(self, at: offset) {
            count += 1
            offset += header.packetLength
        }
        return count
    }
}
