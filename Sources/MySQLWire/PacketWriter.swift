/// Frames payloads as packets with consecutive sequence ids.
///
/// Source: MySQL protocol, "MySQL Packets" and "Sending More Than 16Mb".
public struct PacketWriter: Hashable, Sendable {
    /// The packets so far, headers included.
    public private(set) var bytes: [UInt8] = []
    /// The next packet's sequence id.
    public var sequence: UInt8

    /// A writer whose first packet has the given sequence id.
    public init(sequence: UInt8 = 0) {
        self.sequence = sequence
    }

    /// Appends one payload, in as many packets as it needs; one that fills its last packet is closed by an empty packet.
    public mutating func append(_ payload: [UInt8]) {
        append(payload.span)
    }

    /// Appends one payload, in as many packets as it needs.
    public mutating func append(_ payload: Span<UInt8>) {
        if bytes.isEmpty { bytes.reserveCapacity(payload.count + PacketHeader.size) }
        var offset = 0
        while true {
            let length = min(payload.count - offset, PacketHeader.maximumPayload)
            appendPart(payload.extracting(offset..<offset + length))
            guard length == PacketHeader.maximumPayload else { return }
            offset += length
        }
    }

    /// Hands the packets out and begins anew; the sequence goes on.
    public mutating func take() -> [UInt8] {
        defer { bytes = [] }
        return bytes
    }

    private mutating func appendPart(_ part: Span<UInt8>) {
        let length = part.count
        bytes.append(UInt8(truncatingIfNeeded: length))
        bytes.append(UInt8(truncatingIfNeeded: length >> 8))
        bytes.append(UInt8(truncatingIfNeeded: length >> 16))
        bytes.append(sequence)
        part.withUnsafeBufferPointer { bytes.append(contentsOf: $0) }
        sequence &+= 1
    }
}
