import MySQLWire

/// Where the payloads are in the packets of an answer.
struct PayloadTable {
    /// The packets, and behind them the payloads that come in several packets.
    private(set) var bytes: [UInt8]
    private var ranges: [Range<Int>] = []

    /// Whole packets, headers included.
    init(packets: [UInt8]) {
        bytes = packets
        var parts: [Range<Int>] = []
        var offset = 0
        while let header = PacketHeader(packets.span, at: offset), offset + header.packetLength <= packets.count {
            parts.append(offset + PacketHeader.size..<offset + header.packetLength)
            offset += header.packetLength
            guard !header.isContinued else { continue }
            ranges.append(parts.count == 1 ? parts[0] : joined(parts))
            parts.removeAll(keepingCapacity: true)
        }
    }

    private mutating func joined(_ parts: [Range<Int>]) -> Range<Int> {
        let begin = bytes.count
        for part in parts { bytes.append(contentsOf: bytes[part]) }
        return begin..<bytes.count
    }

    /// The number of payloads.
    var count: Int { ranges.count }

    /// Where a payload is in ``bytes``.
    subscript(index: Int) -> Range<Int> { ranges[index] }

    /// A payload in place.
    @_lifetime(borrow self)
    func payload(_ index: Int) -> Span<UInt8> { bytes.span.extracting(ranges[index]) }
}
