/// Finds texts that came before, eight bytes a step.
extension Span where Element == UInt8 {
    /// A number by all bytes and their count, for a place in a small table: who finds two texts with the same has gained
    /// nothing.
    package var placeHash: UInt64 {
        var hash = UInt64(truncatingIfNeeded: count) &* 0x9E37_79B9_7F4A_7C15
        var index = 0
        while index < count {
            hash = (hash ^ eightBytes(from: index)) &* 0x9E37_79B9_7F4A_7C15
            hash ^= hash &>> 29
            index &+= 8
        }
        return hash
    }

    /// Whether both have the same bytes.
    package func isEqual(to other: Self) -> Bool {
        guard count == other.count else { return false }
        var index = 0
        while index < count {
            guard eightBytes(from: index) == other.eightBytes(from: index) else { return false }
            index &+= 8
        }
        return true
    }
}
