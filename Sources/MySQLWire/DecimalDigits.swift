/// A floating-point number as decimal digits, to be written as MariaDB and MySQL write FLOAT and DOUBLE.
///
/// Source: observed on MariaDB 10.11.
struct DecimalDigits: Hashable, Sendable {
    /// 0 to 9 each, the first and the last not zero; none for zero.
    private(set) var digits: [UInt8]
    /// Digits in front of the point; negative for zeros behind it.
    private(set) var point: Int
    private let isNegative: Bool
    /// The number without its sign.
    private let exact: Double
    /// Digits that are shown where the column doesn't fix the decimals.
    private let precision: Int

    /// The shortest digits that read back as the same number.
    init(_ number: Double) {
        self.init(number, precision: 17)
    }

    /// The digits of a FLOAT, of which servers show six at most.
    init(_ number: Float) {
        self.init(Double(number), precision: 6)
    }

    private init(_ number: Double, precision: Int) {
        self.precision = precision
        isNegative = number.sign == .minus && number.isFinite
        exact = number.magnitude
        (digits, point) = exact.isFinite ? Self.shortest(exact) : ([], 0)
        trim()
    }

    /// Splits what the standard library writes, for instance `0.001`, `12.5` or `1.5e-07`.
    private static func shortest(_ number: Double) -> ([UInt8], Int) {
        let parts = number.description.utf8.split(separator: UInt8(ascii: "e"), maxSplits: 1)
        guard let mantissa = parts.first else { return ([], 0) }
        let exponent = parts.count > 1 ? Int(Substring(parts[1])) ?? 0 : 0
        let whole = mantissa.prefix { $0 != UInt8(ascii: ".") }.count
        return (mantissa.compactMap { $0 >= UInt8(ascii: "0") ? $0 & 15 : nil }, whole + exponent)
    }

    private mutating func trim() {
        while digits.last == 0 { digits.removeLast() }
        let zeros = digits.prefix { $0 == 0 }.count
        digits.removeFirst(zeros)
        point = digits.isEmpty ? 0 : point - zeros
    }
}

extension DecimalDigits {
    /// The number with so many decimals; 31 and above leave their number open.
    func text(decimals: UInt8) -> [UInt8] {
        var rounded = self
        if decimals < 31 {
            rounded.round(to: point + Int(decimals))
            return rounded.sign + rounded.fixed(decimals: Int(decimals))
        }
        rounded.round(to: precision)
        return rounded.sign + (rounded.isPlain ? rounded.plain : rounded.scientific)
    }

    private var sign: [UInt8] { isNegative ? [UInt8(ascii: "-")] : [] }

    /// Whether servers write it without an exponent.
    private var isPlain: Bool { point > -15 && (point <= 15 || point < digits.count) }

    private var plain: [UInt8] { fixed(decimals: max(0, digits.count - point)) }

    private func fixed(decimals: Int) -> [UInt8] {
        let whole = point > 0 ? (0..<point).map(character) : [UInt8(ascii: "0")]
        guard decimals > 0 else { return whole }
        return whole + [UInt8(ascii: ".")] + (point..<point + decimals).map(character)
    }

    private var scientific: [UInt8] {
        let rest = digits.count > 1 ? [UInt8(ascii: ".")] + digits.indices.dropFirst().map(character) : []
        return [character(at: 0)] + rest + Array("e\(point - 1)".utf8)
    }

    private func character(at index: Int) -> UInt8 {
        UInt8(ascii: "0") + (digits.indices.contains(index) ? digits[index] : 0)
    }
}

extension DecimalDigits {
    /// Keeps so many digits, rounded from the exact number: half goes to the even digit.
    private mutating func round(to count: Int) {
        guard count < digits.count else { return }
        guard count >= 0 else {
            digits = []
            return trim()
        }
        let isUp = isRoundedUp(at: count)
        digits.removeSubrange(count...)
        if isUp { increment() }
        trim()
    }

    private func isRoundedUp(at index: Int) -> Bool {
        guard digits[index] == 5, index == digits.count - 1 else { return digits[index] >= 5 }
        // The shortest digits stand half way; the number itself may be on either side.
        let (number, half) = comparable()
        if number == half { return index > 0 && digits[index - 1] & 1 == 1 }
        return half < number
    }

    /// Adds one to the last digit.
    private mutating func increment() {
        var carry = digits.count
        while carry > 0, digits[carry - 1] == 9 {
            carry -= 1
            digits[carry] = 0
        }
        guard carry == 0 else { return digits[carry - 1] += 1 }
        digits.insert(1, at: 0)
        point += 1
    }

    /// The exact number and the number that the digits write, both times the same factor, as whole numbers.
    private func comparable() -> (WideNumber, WideNumber) {
        let two = Int(max(exact.exponentBitPattern, 1)) - 1075
        let ten = point - digits.count
        var number = WideNumber(exact.significandBitPattern | (exact.isNormal ? 1 << 52 : 0))
        var written = WideNumber(digits.reduce(0) { $0 &* 10 &+ UInt64($1) })
        number.multiply(by: 2, times: max(0, two))
        number.multiply(by: 10, times: max(0, -ten))
        written.multiply(by: 2, times: max(0, -two))
        written.multiply(by: 10, times: max(0, ten))
        return (number, written)
    }
}

/// A whole number of any size.
private struct WideNumber: Comparable {
    /// The lowest first; the last isn't zero.
    private var limbs: [UInt32]

    init(_ number: UInt64) {
        limbs = [UInt32(truncatingIfNeeded: number), UInt32(truncatingIfNeeded: number >> 32)]
        while limbs.last == 0 { limbs.removeLast() }
    }

    mutating func multiply(by factor: UInt32, times: Int) {
        for _ in 0..<times { multiply(by: factor) }
    }

    private mutating func multiply(by factor: UInt32) {
        var carry: UInt64 = 0
        for index in limbs.indices {
            let product = UInt64(limbs[index]) &* UInt64(factor) &+ carry
            limbs[index] = UInt32(truncatingIfNeeded: product)
            carry = product >> 32
        }
        if carry > 0 { limbs.append(UInt32(truncatingIfNeeded: carry)) }
    }

    static func < (left: Self, right: Self) -> Bool {
        guard left.limbs.count == right.limbs.count else { return left.limbs.count < right.limbs.count }
        return left.limbs.reversed().lexicographicallyPrecedes(right.limbs.reversed())
    }
}
