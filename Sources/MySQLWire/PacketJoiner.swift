/// Makes whole payloads of framed packets; it checks that the sequence ids follow one another.
///
/// The bytes stay with the caller: it gives what it holds, and drops what was consumed.
public struct PacketJoiner: Hashable, Sendable {
    /// The sequence id that the next packet must have; nil accepts any.
    public var expectedSequence: UInt8?
    /// The longest payload that is taken.
    public let limit: Int
    private var parts: [UInt8] = []

    /// A payload, and where the next packet begins.
    public struct Joined: Hashable, Sendable {
        /// All parts, joined.
        public var payload: [UInt8]
        /// The last part's sequence id.
        public var sequence: UInt8
    }

    /// A joiner that takes payloads of up to `limit` bytes.
    public init(expectedSequence: UInt8? = nil, limit: Int = 1 << 30) {
        self.expectedSequence = expectedSequence
        self.limit = limit
    }

    /// Whether a payload's first parts are there and its last one isn't.
    public var isInside: Bool { !parts.isEmpty }

    /// Takes packets from `bytes`, from `offset` on, until a payload is whole; `offset` moves behind what was taken.
    ///
    /// - Returns: the payload; nil where more bytes are needed.
    /// - Throws: where a packet is out of sequence, or the payload is longer than ``limit``.
    public mutating func next(in bytes: Span<UInt8>, from offset: inout Int) throws(WireError) -> Joined? {
        while let header = PacketHeader(bytes, at: offset) {
            try check(header, at: offset)
            guard bytes.count - offset >= header.packetLength else { return nil }
            let body = bytes.extracting(offset + PacketHeader.size..<offset + header.packetLength)
            body.withUnsafeBufferPointer { parts.append(contentsOf: $0) }
            offset += header.packetLength
            expectedSequence = header.sequence &+ 1
            guard !header.isContinued else { continue }
            defer { parts = [] }
            return Joined(payload: parts, sequence: header.sequence)
        }
        return nil
    }

    private func check(_ header: PacketHeader, at offset: Int) throws(WireError) {
        if let expectedSequence, header.sequence != expectedSequence {
            let expected = "sequence id \(expectedSequence), not \(header.sequence)"
            throw WireError(packet: "packet header", expected: expected, offset: offset)
        }
        if parts.count + header.payloadLength > limit {
            throw WireError(packet: "packet header", expected: "a payload of at most \(limit) bytes", offset: offset)
        }
    }
}
