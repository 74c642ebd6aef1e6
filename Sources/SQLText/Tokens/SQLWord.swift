/// A word of up to 16 bytes in upper case, packed for comparison; longer words equal nothing but each other.
///
/// `SQLWord(text, range) == "SELECT"` compares without an allocation.
struct SQLWord: BitwiseCopyable, Equatable, ExpressibleByStringLiteral {
    private var low: UInt64 = 0
    private var high: UInt64 = 0
    private let count: UInt8

    @inline(__always)
    init(stringLiteral word: StaticString) {
        count = UInt8(truncatingIfNeeded: min(word.utf8CodeUnitCount, 17))
        (low, high) = word.withUTF8Buffer { bytes in
            var halves = (UInt64(0), UInt64(0))
            for index in 0..<min(bytes.count, 16) { Self.pack(bytes[index], at: index, into: &halves) }
            return halves
        }
    }

    @inline(__always)
    init(_ text: Span<UInt8>, _ range: Range<Int>) {
        count = UInt8(truncatingIfNeeded: min(range.count, 17))
        guard count <= 16 else { return }
        guard text.count &- range.lowerBound < 16 else {
            (low, high) = text.upperCase(range)
            return
        }
        var halves = (UInt64(0), UInt64(0))
        for index in 0..<range.count { Self.pack(text[range.lowerBound + index].uppercased, at: index, into: &halves) }
        (low, high) = halves
    }

    @inline(__always)
    private static func pack(_ byte: UInt8, at index: Int, into halves: inout (UInt64, UInt64)) {
        let bits = UInt64(byte) &<< UInt64((index & 7) * 8)
        if index < 8 { halves.0 |= bits } else { halves.1 |= bits }
    }

    /// Whether an operand follows this keyword, so that a `+` or `-` behind it is a sign; words that may name a column
    /// without quotes are not among them.
    var precedesOperand: Bool {
        switch self {
        case "SELECT", "WHERE", "AND", "OR", "NOT", "XOR", "IN", "LIKE", "BETWEEN", "THEN", "ELSE", "WHEN", "CASE",
            "BY", "LIMIT", "RETURN", "ON", "HAVING", "DISTINCT", "ALL", "DIV", "MOD", "REGEXP", "RLIKE", "IS",
            "INTERVAL", "DEFAULT", "IF", "ELSEIF", "WHILE", "TO", "RETURNING", "USING":
            true
        default: false
        }
    }
}
