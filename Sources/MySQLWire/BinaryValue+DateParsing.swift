extension BinaryValue.DateTime {
    /// Reads `YYYY-MM-DD`, and ` HH:MM:SS` and a fraction behind it where the type has a time of day.
    init?(_ text: [UInt8], _ type: ColumnType) {
        var scanner = DigitScanner(text)
        guard let year = scanner.number(4...4, upTo: 9999), scanner.skip("-"),
            let month = scanner.number(2...2, upTo: 12), scanner.skip("-"),
            let day = scanner.number(2...2, upTo: 31)
        else { return nil }
        self.init(year: UInt16(year), month: UInt8(month), day: UInt8(day))
        if scanner.isAtEnd { return }
        guard type != .date, type != .newDate, scanner.skip(" "),
            let hour = scanner.number(2...2, upTo: 23), let rest = scanner.minutes(), scanner.isAtEnd
        else { return nil }
        self.hour = UInt8(hour)
        (minute, second, microsecond) = rest
    }
}

extension BinaryValue.Time {
    /// Reads `[-]HH:MM:SS`, the hours up to 838, and a fraction.
    init?(_ text: [UInt8]) {
        var scanner = DigitScanner(text)
        let isNegative = scanner.skip("-")
        guard let hours = scanner.number(1...3, upTo: 838), let rest = scanner.minutes(), scanner.isAtEnd
        else { return nil }
        self.init(
            isNegative: isNegative, days: hours / 24, hour: UInt8(hours % 24), minute: rest.0, second: rest.1,
            microsecond: rest.2)
    }
}

/// Reads digits and the signs between them from the front.
private struct DigitScanner {
    private var rest: ArraySlice<UInt8>

    init(_ text: [UInt8]) {
        rest = text[...]
    }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func skip(_ sign: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: sign) else { return false }
        rest.removeFirst()
        return true
    }

    /// A number of so many digits; nil where it is greater than `limit`.
    mutating func number(_ width: ClosedRange<Int>, upTo limit: UInt32) -> UInt32? {
        let digits = digits()
        guard width.contains(digits.count) else { return nil }
        let number = digits.reduce(0) { $0 &* 10 &+ UInt32($1 & 15) }
        return number <= limit ? number : nil
    }

    /// Minutes, seconds and microseconds of `:MM:SS[.ffffff]`.
    mutating func minutes() -> (UInt8, UInt8, UInt32)? {
        guard skip(":"), let minute = number(2...2, upTo: 59), skip(":"), let second = number(2...2, upTo: 59)
        else { return nil }
        guard skip(".") else { return (UInt8(minute), UInt8(second), 0) }
        let digits = digits()
        guard (1...6).contains(digits.count) else { return nil }
        let zeros = Array(repeating: UInt8(ascii: "0"), count: 6 - digits.count)
        let microsecond = (digits + zeros).reduce(0) { $0 &* 10 &+ UInt32($1 & 15) }
        return (UInt8(minute), UInt8(second), microsecond)
    }

    private mutating func digits() -> ArraySlice<UInt8> {
        let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        rest = rest.dropFirst(digits.count)
        return digits
    }
}
