import SQLText

/// The effects of texts that come again and again, as BEGIN, COMMIT and what frameworks ask at every turn do.
///
/// A text is kept from its second time on, and gives way to another one that comes twice in its place: texts that come
/// once, with their values in them, push nothing out and cost a hash.
struct EffectsCache: Sendable {
    private var entries = [Entry?](repeating: nil, count: Self.size)
    /// The hashes of the texts that came last, by the same place.
    private var candidates = [UInt64](repeating: 0, count: Self.size)

    private struct Entry {
        let hash: UInt64
        let mode: SQLLexicalMode
        let text: [UInt8]
        let effects: StatementEffects
    }

    private static let size = 128
    /// Longer texts are read each time: 128 of these are 64 KB.
    static let longestText = 512

    /// How many texts are kept.
    var count: Int { entries.count { $0 != nil } }

    /// The text's effects.
    mutating func effects(of text: Span<UInt8>, mode: SQLLexicalMode) -> StatementEffects {
        guard text.count <= Self.longestText else { return StatementEffects(of: text, mode: mode) }
        let hash = text.placeHash
        let place = Int(truncatingIfNeeded: hash >> 32) & (Self.size - 1)
        if let known = known(hash, text, mode, at: place) { return known }
        let effects = StatementEffects(of: text, mode: mode)
        if candidates[place] == hash {
            let copy = text.withUnsafeBufferPointer { Array($0) }
            entries[place] = Entry(hash: hash, mode: mode, text: copy, effects: effects)
        }
        candidates[place] = hash
        return effects
    }

    @inline(__always)
    private func known(
        _ hash: UInt64, _ text: Span<UInt8>, _ mode: SQLLexicalMode, at place: Int
    ) -> StatementEffects? {
        guard let entry = entries[place], entry.hash == hash, entry.mode == mode else { return nil }
        return entry.text.span.isEqual(to: text) ? entry.effects : nil
    }
}

extension Span<UInt8> {
    /// A number by all bytes and their count; whoever finds two texts with the same has gained nothing.
    fileprivate var placeHash: UInt64 {
        var hash = UInt64(truncatingIfNeeded: count) &* 0x9E37_79B9_7F4A_7C15
        var index = 0
        while index < count {
            hash = (hash ^ eightBytes(at: index)) &* 0x9E37_79B9_7F4A_7C15
            hash ^= hash >> 29
            index += 8
        }
        return hash
    }

    fileprivate func isEqual(to other: Self) -> Bool {
        guard count == other.count else { return false }
        var index = 0
        while index < count {
            guard eightBytes(at: index) == other.eightBytes(at: index) else { return false }
            index += 8
        }
        return true
    }

    /// The bytes from `index` on, eight at most.
    @inline(__always)
    private func eightBytes(at index: Int) -> UInt64 {
        // In bounds by the condition; any bytes are a UInt64.
        if index >= 0, index <= count - 8 { return bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self) }
        var value: UInt64 = 0
        for place in index..<Swift.max(index, count) { value = value << 8 | UInt64(self[place]) }
        return value
    }
}
