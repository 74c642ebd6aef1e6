/// What texts have in common that differ in nothing but their plain integers, each of which is a `0` here.
///
/// A plain integer is a run of digits behind a blank, `=`, `<`, `>`, `-`, `(` or a comma, and before a blank, `)`, a comma
/// or the end. Where one stands in one text and another one in a second, both texts have the same tokens but for that value,
/// or the same string, comment or quoted name but for those digits.
package struct TextForm: Sendable {
    private var buffer: [UInt8]
    private var count = 0

    /// Bytes behind the longest form, as it is written eight at a time.
    static let margin = 8

    /// - Parameter longest: bytes of the longest text that will be taken.
    package init(longest: Int) {
        buffer = [UInt8](repeating: 0, count: longest + Self.margin)
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
        guard text.count <= buffer.count &- Self.margin else {
            count = 0
            return false
        }
        count = buffer.withUnsafeMutableBytes { text.writeForm(to: $0) } ?? 0
        return count > 0
    }
}

extension Span<UInt8> {
    /// Writes the form, and up to seven bytes behind it.
    ///
    /// - Parameter form: room for eight bytes more than the text has.
    /// - Returns: how many bytes the form has; nil where the text has no plain integer.
    func writeForm(to form: UnsafeMutableRawBufferPointer) -> Int? {
        // What is written is never further on than what was read, which keeps it in the form's room.
        var (read, written, hasIntegers) = (0, 0, false)
        while read < count {
            let word = eightBytes(from: read)
            form.storeBytes(of: word.littleEndian, toByteOffset: written, as: UInt64.self)
            let digits = word.digits
            let skipped = digits == 0 ? 8 : digits.trailingZeroBitCount &>> 3
            read &+= skipped
            written &+= skipped
            guard digits != 0 else { continue }
            let end = endOfRun(from: read)
            if read > 0, self[read &- 1].mayPrecedeValue, end == count || self[end].mayFollowValue {
                form[written] = UInt8(ascii: "0")
                written &+= 1
                hasIntegers = true
            } else {
                copy(read..<end, to: form, at: written)
                written &+= end &- read
            }
            read = end
        }
        // The last step may have taken bytes that aren't there.
        return hasIntegers ? written &- (read &- count) : nil
    }

    /// Where the digits end that begin at `start`.
    @inline(__always)
    private func endOfRun(from start: Int) -> Int {
        var index = start
        while index < count {
            let others = ~eightBytes(from: index).digits & UInt64.topBits
            // Behind the end there are zeros, which are no digits.
            if others != 0 { return index &+ others.trailingZeroBitCount &>> 3 }
            index &+= 8
        }
        return count
    }

    @inline(__always)
    private func copy(_ range: Range<Int>, to form: UnsafeMutableRawBufferPointer, at start: Int) {
        var (index, place) = (range.lowerBound, start)
        while index < range.upperBound {
            form.storeBytes(of: eightBytes(from: index).littleEndian, toByteOffset: place, as: UInt64.self)
            index &+= 8
            place &+= 8
        }
    }
}

extension UInt64 {
    /// The top bits of the bytes that are digits.
    @inline(__always)
    fileprivate var digits: UInt64 { bytes(from: 0x30, to: 0x39) & ~self & Self.topBits }
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
