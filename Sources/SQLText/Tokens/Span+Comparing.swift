/// Finds texts that came before, eight bytes a step.
extension Span where Element == UInt8 {
    /// A number by all bytes and their count, for a place in a small table: who finds two texts with the same has gained
    /// nothing.
    package var placeHash: UInt64 {
        var hash = UInt64(truncatingIfNeeded: count) &* 0x9E37_79B9_7F4A_7C15
        var index = 0
        while index <= count &- 8 {
            hash.mixIn(wholeWord(at: index))
            index &+= 8
        }
        if index < count { hash.mixIn(eightBytes(from: index)) }
        return hash
    }

    /// Whether both have the same bytes.
    package func isEqual(to other: Self) -> Bool {
        guard count == other.count else { return false }
        let last = count &- 8
        guard last >= 0 else { return eightBytes(from: 0) == other.eightBytes(from: 0) }
        var index = 0
        while index < last {
            guard wholeWord(at: index) == other.wholeWord(at: index) else { return false }
            index &+= 8
        }
        // The last eight bytes, some of which were compared before.
        return wholeWord(at: last) == other.wholeWord(at: last)
    }

    /// The eight bytes from `index` on, which must be there.
    @inline(__always)
    private func wholeWord(at index: Int) -> UInt64 {
        // In bounds, as the callers' conditions say; any bytes are a UInt64.
        UInt64(littleEndian: bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: index, as: UInt64.self))
    }
}

extension UInt64 {
    @inline(__always)
    fileprivate mutating func mixIn(_ word: UInt64) {
        self = (self ^ word) &* 0x9E37_79B9_7F4A_7C15
        self ^= self &>> 29
    }
}
