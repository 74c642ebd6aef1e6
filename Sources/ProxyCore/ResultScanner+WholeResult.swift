internal import MySQLWire

// The answer that most queries have: one result set, most often all of it at hand.

extension ResultScanner {
    /// The most columns whose number is one byte.
    private static let mostShortColumns: UInt8 = 250
    /// An EOF: 0xFE, warnings and status.
    private static let plainEOF = 5
    /// An OK in place of an EOF: 0xFE, no affected rows, no insert id, status and warnings.
    static let plainOK = 7

    /// Walks over an answer that begins like that in one go, as ``received(_:)`` does packet by packet; returns where it
    /// stopped, which is at the end of the answer where ``phase`` is idle then.
    @inline(__always)
    mutating func walkResult(_ bytes: Span<UInt8>) -> Int {
        guard isBeforeResult, let first = plainFront(bytes) else { return 0 }
        var probe = self
        guard let front = probe.walkFront(bytes, from: first), let rows = probe.walkFrontEnd(bytes, at: front) else {
            return 0
        }
        probe.phase = .rows
        let end = probe.walkRows(bytes, from: rows)
        self = probe
        if deprecatesEOF { return takeOK(bytes, at: end) ? end &+ PacketHeader.size &+ Self.plainOK : end }
        return takeEOF(bytes, at: end) ? end &+ PacketHeader.size &+ Self.plainEOF : end
    }

    /// Whether the first result of an answer is awaited.
    @inline(__always)
    var isBeforeResult: Bool {
        phase == .result && pending == .nothing && isAtPacketBorder && summary.results == 0
    }

    /// The length of the first packet, where it tells a number of columns by one byte and their definitions follow.
    @inline(__always)
    func plainFront(_ bytes: Span<UInt8>) -> Int? {
        let tells = tellsDefinitions
        let size = PacketHeader.size &+ (tells ? 2 : 1)
        guard bytes.count >= size, bytes[4] > 0, bytes[4] <= Self.mostShortColumns,
            let first = PacketHeader(bytes, at: 0), first.packetLength == size, first.sequence == sequence
        else { return nil }
        return tells && bytes[5] == 0 ? nil : size
    }

    /// Walks over the definitions, the first of which is at `offset`; nil where they aren't all plain.
    @inline(__always)
    mutating func walkFront(_ bytes: Span<UInt8>, from offset: Int) -> Int? {
        sequence &+= 1
        summary.columns = UInt32(bytes[4])
        // One more than there are, since the walk leaves the last one out.
        definitions = UInt32(bytes[4]) &+ 1
        let end = walkDefinitions(bytes, from: offset)
        guard definitions == 1 else { return nil }
        definitions = 0
        return end
    }

    /// Walks over the EOF behind the definitions, where there is one; nil where no rows follow.
    @inline(__always)
    private mutating func walkFrontEnd(_ bytes: Span<UInt8>, at offset: Int) -> Int? {
        if deprecatesEOF { return offset }
        guard readEOF(bytes, at: offset), !summary.status.contains(.cursorExists) else { return nil }
        return offset &+ PacketHeader.size &+ Self.plainEOF
    }

    /// Takes the EOF at `offset` that ends the rows; false, and nothing has changed, where it isn't there.
    @inline(__always)
    private mutating func takeEOF(_ bytes: Span<UInt8>, at offset: Int) -> Bool {
        guard readEOF(bytes, at: offset) else { return false }
        endRows()
        return true
    }

    /// Takes the OK at `offset` that ends the rows; false, and nothing has changed, where it isn't there.
    @inline(__always)
    mutating func takeOK(_ bytes: Span<UInt8>, at offset: Int) -> Bool {
        let front = Front(start: offset &+ PacketHeader.size, length: Self.plainOK, count: bytes.count)
        guard isEnd(bytes, at: offset, front), bytes[front.start &+ 1] == 0, bytes[front.start &+ 2] == 0 else {
            return false
        }
        tell(StatusFlags(rawValue: short(bytes, at: front.start &+ 3)))
        summary.warnings = short(bytes, at: front.start &+ 5)
        sequence &+= 1
        endRows()
        return true
    }

    @inline(__always)
    private mutating func readEOF(_ bytes: Span<UInt8>, at offset: Int) -> Bool {
        let front = Front(start: offset &+ PacketHeader.size, length: Self.plainEOF, count: bytes.count)
        guard isEnd(bytes, at: offset, front) else { return false }
        sequence &+= 1
        summary.warnings = short(bytes, at: front.start &+ 1)
        tell(StatusFlags(rawValue: short(bytes, at: front.start &+ 3)))
        return true
    }

    /// Whether a packet of that length that begins with 0xFE is at `offset`, all of it at hand.
    @inline(__always)
    private func isEnd(_ bytes: Span<UInt8>, at offset: Int, _ front: Front) -> Bool {
        guard let header = PacketHeader(bytes, at: offset), header.payloadLength == front.length,
            header.sequence == sequence
        else { return false }
        return bytes.count &- front.start >= front.length && bytes[front.start] == 0xFE
    }

    /// The result is over, and with it the answer unless it says otherwise.
    @inline(__always)
    private mutating func endRows() {
        summary.results &+= 1
        phase = summary.status.contains(.moreResults) ? .result : .idle
    }
}
