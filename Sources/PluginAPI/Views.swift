public import MySQLWire
public import Pooling
public import ProxyCore

/// A command as a query hook or a statement hook sees it: a view over packets, valid during the hook only.
public struct CommandView: ~Escapable {
    /// The packets of the command, headers included.
    public let packets: Span<UInt8>
    /// Bytes of the payload, all parts joined, command byte included.
    public let payloadLength: Int
    /// Whether a plugin has injected the command; false for the client's own, also where a hook has replaced it.
    public let isInjected: Bool

    /// A view over whole packets.
    ///
    /// - Precondition: `packets` holds one command, complete, with at least one payload byte.
    @inlinable @inline(__always) @_lifetime(copy packets)
    public init(packets: Span<UInt8>, isInjected: Bool = false) {
        self.packets = packets
        self.isInjected = isInjected
        var length = 0
        var offset = 0
        while let header = PacketHeader(packets, at: offset) {
            length += header.payloadLength
            offset += header.packetLength
        }
        payloadLength = length
    }

    /// The command byte.
    @inlinable public var command: Command { Command(rawValue: packets[PacketHeader.size]) }

    /// Runs the body over the payload, command byte first; only a command of several packets is copied for that.
    @inlinable @inline(__always)
    public func withPayload<Outcome>(_ body: (Span<UInt8>) -> Outcome) -> Outcome {
        if packets.count == PacketHeader.size + payloadLength {
            return body(packets.extracting(PacketHeader.size...))
        }
        let joined = payload()
        return body(joined.span)
    }

    /// A copy of the payload, parts joined, command byte first.
    public func payload() -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: payloadLength) { buffer, count in
            // Invariant: the parts' lengths add up to payloadLength, which is the capacity asked for.
            var offset = 0
            while let header = PacketHeader(packets, at: offset) {
                let part = packets.extracting(offset + PacketHeader.size..<offset + header.packetLength)
                part.withUnsafeBufferPointer { bytes in
                    guard let source = bytes.baseAddress, !bytes.isEmpty, let target = buffer.baseAddress else {
                        return
                    }
                    (target + count).initialize(from: source, count: bytes.count)
                }
                count += header.payloadLength
                offset += header.packetLength
            }
        }
    }
}

/// The complete answer to an injected query as a result hook sees it, valid during the hook only.
public struct ResultView: ~Escapable {
    /// The injection's own number.
    public let id: Int
    /// The answer's packets, headers included; empty where the injection didn't need its result.
    public let packets: Span<UInt8>
    /// The payload as the plugin has injected it; a statement hook may have sent another one.
    public let query: [UInt8]
    /// What the result scanner has learned of the answer.
    public let summary: ResultSummary
    /// When the query was sent.
    public let sent: MonotonicTime
    /// When the first byte of the answer came.
    public let firstByte: MonotonicTime
    /// When the last byte of the answer came.
    public let lastByte: MonotonicTime

    /// A view over a complete answer.
    @_lifetime(copy packets)
    public init(
        id: Int, packets: Span<UInt8>, query: [UInt8], summary: ResultSummary,
        sent: MonotonicTime, firstByte: MonotonicTime, lastByte: MonotonicTime
    ) {
        self.id = id
        self.packets = packets
        self.query = query
        self.summary = summary
        self.sent = sent
        self.firstByte = firstByte
        self.lastByte = lastByte
    }
}
