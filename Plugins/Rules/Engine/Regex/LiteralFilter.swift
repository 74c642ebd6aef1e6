/// Pairs of neighbouring bytes that a text must have for a regular expression to match, as numbers of bits.
struct LiteralFilter: BitwiseCopyable, Equatable, Sendable {
    /// The bits of up to four pairs; the first one stands in for those that there aren't.
    private(set) var bits: (UInt16, UInt16, UInt16, UInt16) = (0, 0, 0, 0)
    private(set) var isEmpty = true

    /// Every text passes.
    init() {}

    /// The pairs of the longest of the literals that every match contains.
    init(_ runs: [[UInt8]]) {
        guard let run = runs.max(by: { $0.count < $1.count }), run.count >= 2 else { return }
        let pairs = zip(run, run.dropFirst()).map { BytePairs.bit($0, $1) }
        func pair(_ index: Int) -> UInt16 { pairs[index * (pairs.count - 1) / 3] }
        bits = (pair(0), pair(1), pair(2), pair(3))
        isEmpty = false
    }

    static func == (left: Self, right: Self) -> Bool {
        left.bits == right.bits && left.isEmpty == right.isEmpty
    }
}

/// Which pairs of neighbouring bytes a text has: a bit for each of 1024 classes of pairs.
struct BytePairs: BitwiseCopyable {
    /// Longer texts have nearly every pair, and are not worth the pass.
    static let longestText = 4096

    private var words: InlineArray<16, UInt64> = InlineArray(repeating: 0)

    init() {}

    /// The pairs of a text, without regard to the case of letters.
    init(_ text: UnsafeBufferPointer<UInt8>) {
        guard var before = text.first?.foldedLetter else { return }
        for index in 1..<max(text.count, 1) {
            let byte = text[index].foldedLetter
            let bit = Int(Self.bit(before, byte))
            words[bit &>> 6] |= 1 &<< UInt64(bit & 63)
            before = byte
        }
    }

    /// The class of a pair.
    @inline(__always)
    static func bit(_ first: UInt8, _ second: UInt8) -> UInt16 {
        (UInt16(first) &* 37 &+ UInt16(second) &* 5) & 1023
    }

    /// Whether all pairs of the filter are there.
    @inline(__always)
    func mayMatch(_ filter: LiteralFilter) -> Bool {
        has(filter.bits.0) && has(filter.bits.1) && has(filter.bits.2) && has(filter.bits.3)
    }

    @inline(__always)
    private func has(_ bit: UInt16) -> Bool {
        words[Int(bit &>> 6)] & 1 &<< UInt64(bit & 63) != 0
    }
}
