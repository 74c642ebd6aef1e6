extension ResultScanner {
    /// The two-byte integer at `offset`, which must be at hand.
    func short(_ bytes: Span<UInt8>, at offset: Int) -> UInt16 {
        UInt16(bytes[offset]) | UInt16(bytes[offset + 1]) << 8
    }

    /// Reads a length-encoded integer, which must end before `end`.
    func integer(_ bytes: Span<UInt8>, at offset: inout Int, end: Int) throws(ScanViolation) -> UInt64 {
        guard offset < end else { throw .truncatedPacket(firstByte: 0, phase.place) }
        let first = bytes[offset]
        let size: Int
        switch first {
        case 0xFC: size = 2
        case 0xFD: size = 3
        case 0xFE: size = 8
        case 0xFB, 0xFF: throw .malformedInteger(firstByte: first, phase.place)
        // Open set: every other byte is the integer itself.
        default:
            offset += 1
            return UInt64(first)
        }
        guard end - offset > size else { throw .truncatedPacket(firstByte: first, phase.place) }
        var value: UInt64 = 0
        for index in 0..<size { value |= UInt64(bytes[offset + 1 + index]) << UInt64(8 * index) }
        offset += 1 + size
        return value
    }

    /// Reads past a length-encoded string, which must end at `end` or before, and returns where its text is.
    @inline(__always)
    func text(_ bytes: Span<UInt8>, at offset: inout Int, end: Int) throws(ScanViolation) -> Range<Int> {
        // Nearly every length is one byte.
        if offset < end, bytes[offset] < 0xFB, Int(bytes[offset]) < end - offset {
            let start = offset + 1
            offset = start + Int(bytes[offset])
            return start..<offset
        }
        let length = try integer(bytes, at: &offset, end: end)
        guard length <= UInt64(end - offset) else { throw .truncatedPacket(firstByte: 0, phase.place) }
        let start = offset
        offset += Int(length)
        return start..<offset
    }
}
