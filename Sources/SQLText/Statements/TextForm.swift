/// What texts have in common that differ in nothing but their plain integers, each of which is a `0` here.
///
/// A plain integer is a run of digits behind a blank, `=`, `<`, `>`, `-`, `(` or a comma, and before a blank, `)`, a comma
/// or the end. Where one stands in one text and another one in a second, both texts have the same tokens but for that value,
/// or the same string, comment or quoted name but for those digits.
package struct TextForm: Sendable {
    private var buffer: [UInt8]
    private var count = 0

    /// - Parameter longest: bytes of the longest text that will be taken.
    package init(longest: Int) {
        buffer = [UInt8](repeating: 0, count: longest)
    }

    /// The form of the text taken last.
    package var bytes: Span<UInt8> {
        @_lifetime(borrow self)
        get { buffer.span.extracting(first: count) }
    }

    /// Takes a text that isn't longer than the longest.
    ///
    /// - Returns: whether it has plain integers; otherwise it is its own form, and nothing is kept.
    package mutating func take(_ text: Span<UInt8>) -> Bool {
        count = 0
        guard text.count <= buffer.count else { return false }
        var start = 0
        while let number = text.plainInteger(from: start) {
            append(text, start..<number.lowerBound)
            buffer[count] = UInt8(ascii: "0")
            count &+= 1
            start = number.upperBound
        }
        guard start > 0 else { return false }
        append(text, start..<text.count)
        return true
    }

    private mutating func append(_ text: Span<UInt8>, _ range: Range<Int>) {
        let end = count &+ range.count
        buffer.withUnsafeMutableBytes { form in
            text.extracting(range).withUnsafeBytes { form[count..<end].copyBytes(from: $0) }
        }
        count = end
    }
}

extension Span<UInt8> {
    /// The first plain integer that begins at `start` or behind it.
    @inline(__always)
    fileprivate func plainInteger(from start: Int) -> Range<Int>? {
        var digit = firstDigit(from: start)
        while digit < count {
            let end = endOfDigits(from: digit)
            if digit > 0, self[digit &- 1].mayPrecedeValue, end == count || self[end].mayFollowValue {
                return digit..<end
            }
            digit = firstDigit(from: end)
        }
        return nil
    }

    /// Where the first digit from `start` on is, or the count.
    @inline(__always)
    private func firstDigit(from start: Int) -> Int {
        var index = start
        while index <= count &- 8 {
            let word = eightBytes(from: index)
            let digits = word.bytes(from: 0x30, to: 0x39) & ~word & UInt64.topBits
            if digits != 0 { return index &+ digits.trailingZeroBitCount &>> 3 }
            index &+= 8
        }
        while index < count, !self[index].isDigit { index &+= 1 }
        return index
    }
}

extension UInt8 {
    @inline(__always)
    fileprivate var mayPrecedeValue: Bool {
        switch self {
        case 0x20, UInt8(ascii: "="), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "-"), UInt8(ascii: "("),
            UInt8(ascii: ","):
            true
        default: false
        }
    }

    @inline(__always)
    fileprivate var mayFollowValue: Bool {
        self == 0x20 || self == UInt8(ascii: ")") || self == UInt8(ascii: ",")
    }
}

extension StatementEffects {
    /// Whether all texts of its text's form have these effects: what only reads or only changes rows, and tells no places.
    package var areOfForm: Bool { isUnderstood && details.isEmpty && (isReadOnly || facts == .writesRows) }
}
