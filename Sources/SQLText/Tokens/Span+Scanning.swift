/// Finds where a run of bytes ends, eight bytes a step: words are short, and a branch for each byte costs more than that.
///
/// Each test leaves the top bit of a byte set where the byte passes.
extension Span where Element == UInt8 {
    /// The first index from `start` whose byte no identifier holds, or the count.
    @inline(__always)
    func endOfWord(from start: Int) -> Int {
        run(from: start, matching: { $0.wordBytes }, or: { $0.isWord })
    }

    /// The first index from `start` whose byte is no digit, or the count.
    @inline(__always)
    func endOfDigits(from start: Int) -> Int {
        run(from: start, matching: { $0.bytes(from: 0x30, to: 0x39) & ~$0 }, or: { $0.isDigit })
    }

    /// The first index from `start` whose byte is `first` or `second`, or the count.
    @inline(__always)
    package func index(of first: UInt8, or second: UInt8, from start: Int) -> Int {
        run(
            from: start, matching: { ~($0.bytes(equalTo: first) | $0.bytes(equalTo: second)) },
            or: { $0 != first && $0 != second })
    }

    /// The first index from `start` whose byte is no blank, or the count.
    @inline(__always)
    func endOfBlanks(from start: Int) -> Int {
        var index = start
        while index < count, self[index].isBlank { index &+= 1 }
        return index
    }

    /// Where what is quoted from `start` on ends, a doubled quote being a part of it; nil where the quote isn't closed.
    @inline(__always)
    func endOfQuoted(by quote: UInt8, escape: UInt8, from start: Int) -> Int? {
        var index = index(of: quote, or: escape, from: start &+ 1)
        while index < count {
            if self[index] == quote, index &+ 1 >= count || self[index &+ 1] != quote { return index &+ 1 }
            index = self.index(of: quote, or: escape, from: index &+ 2)
        }
        return nil
    }

    /// The bytes at `range`, 16 at most, with their letters in upper case and zeros behind them; 16 bytes must be there
    /// from its begin.
    @inline(__always)
    func upperCase(_ range: Range<Int>) -> (UInt64, UInt64) {
        guard range.lowerBound >= 0, range.lowerBound &+ 16 <= count else { return (0, 0) }
        // In bounds by the guard; any bytes are a UInt64.
        let low = bytes.unsafeLoadUnaligned(fromByteOffset: range.lowerBound, as: UInt64.self)
        let high = bytes.unsafeLoadUnaligned(fromByteOffset: range.lowerBound &+ 8, as: UInt64.self)
        return (
            UInt64(littleEndian: low).upperCase(first: range.count),
            UInt64(littleEndian: high).upperCase(first: range.count &- 8)
        )
    }

    @inline(__always)
    private func run(from start: Int, matching eight: (UInt64) -> UInt64, or one: (UInt8) -> Bool) -> Int {
        var index = start
        while index &+ 8 <= count {
            // In bounds by the loop's condition; any bytes are a UInt64.
            let word = UInt64(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self))
            let misses = ~eight(word) & UInt64.topBits
            if misses != 0 { return index &+ misses.trailingZeroBitCount &>> 3 }
            index &+= 8
        }
        while index < count, one(self[index]) { index &+= 1 }
        return index
    }

    /// The bytes from `index` on, the first one lowest, zeros behind the last; `index` must not be behind the end.
    @inline(__always)
    func eightBytes(from index: Int) -> UInt64 {
        let missing = index &+ 8 &- count
        if missing <= 0, index >= 0 {
            // In bounds by the condition; any bytes are a UInt64.
            return UInt64(littleEndian: bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: index, as: UInt64.self))
        }
        guard count >= 8, missing < 8 else { return lastBytes(from: index) }
        // In bounds by the condition: the text's last eight bytes.
        let last = UInt64(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: count &- 8, as: UInt64.self))
        return last &>> UInt64(missing &* 8)
    }

    private func lastBytes(from index: Int) -> UInt64 {
        var value: UInt64 = 0
        var place = count
        while place > Swift.max(index, 0) {
            place &-= 1
            value = value &<< 8 | UInt64(self[place])
        }
        return value
    }
}

extension UInt64 {
    static let topBits: UInt64 = 0x8080_8080_8080_8080

    @inline(__always)
    private static func all(_ byte: UInt8) -> UInt64 { UInt64(byte) &* 0x0101_0101_0101_0101 }

    /// The bytes that are in the range once their top bits are taken off.
    @inline(__always)
    func bytes(from low: UInt8, to high: UInt8) -> UInt64 {
        let value = self & ~Self.topBits
        return (value &+ Self.all(0x80 &- low)) & ~(value &+ Self.all(0x7F &- high))
    }

    /// The bytes equal to an ASCII character.
    @inline(__always)
    func bytes(equalTo byte: UInt8) -> UInt64 {
        let difference = self ^ Self.all(byte)
        return ~((difference & ~Self.topBits) &+ ~Self.topBits | difference)
    }

    /// The first bytes with ASCII letters in upper case; zeros behind them.
    @inline(__always)
    func upperCase(first count: Int) -> UInt64 {
        guard count > 0 else { return 0 }
        let kept = count < 8 ? self & (1 &<< UInt64(count &* 8) &- 1) : self
        let small = kept.bytes(from: 0x61, to: 0x7A) & ~kept & Self.topBits
        return kept & ~(small &>> 2)
    }

    /// The bytes that an unquoted identifier may hold.
    @inline(__always)
    var wordBytes: UInt64 {
        let letters = (self | Self.all(0x20)).bytes(from: 0x61, to: 0x7A)
        let digits = bytes(from: 0x30, to: 0x39)
        return letters | digits | bytes(equalTo: UInt8(ascii: "_")) | bytes(equalTo: UInt8(ascii: "$")) | self
    }
}
