extension BinaryValue {
    /// The value as the server writes it in a text row with such a column; nil for NULL.
    ///
    /// Source: text and binary rows of one statement, observed on MariaDB 10.11.
    public func text(of column: ColumnDefinition) -> [UInt8]? {
        switch self {
        case .null: nil
        case .signed(let number): Self.padded(Array(String(number).utf8), for: column)
        case .unsigned(let number): Self.padded(Array(String(number).utf8), for: column)
        case .float(let number): Self.text(DecimalDigits(number), column)
        case .double(let number): Self.text(DecimalDigits(number), column)
        case .bytes(let bytes): bytes
        case .dateTime(let date): date.text(column)
        case .time(let time): time.text(column)
        }
    }

    private static func text(_ digits: DecimalDigits, _ column: ColumnDefinition) -> [UInt8] {
        padded(digits.text(decimals: column.decimals), for: column)
    }

    /// Zeros in front: a year has four digits (or two, as YEAR(2)), a number with ZEROFILL as many as the column.
    private static func padded(_ text: [UInt8], for column: ColumnDefinition) -> [UInt8] {
        if column.type == .year { return Digits.zeros(upTo: column.length == 2 ? 2 : 4, text) }
        guard column.flags.contains(.zerofill) else { return text }
        // Servers know no display width above 255; a forged one must not cost memory.
        return Digits.zeros(upTo: Int(min(column.length, 255)), text)
    }
}

extension BinaryValue.DateTime {
    fileprivate func text(_ column: ColumnDefinition) -> [UInt8] {
        let date = Digits.of(year, 4) + [UInt8(ascii: "-")] + Digits.of(month, 2) + [UInt8(ascii: "-")]
        let day = date + Digits.of(self.day, 2)
        guard column.type != .date, column.type != .newDate else { return day }
        let clock = Digits.clock(hours: UInt64(hour), minute, second)
        return day + [UInt8(ascii: " ")] + clock + Digits.fraction(microsecond, column.decimals)
    }
}

extension BinaryValue.Time {
    fileprivate func text(_ column: ColumnDefinition) -> [UInt8] {
        let clock = Digits.clock(hours: UInt64(days) * 24 + UInt64(hour), minute, second)
        return (isNegative ? [UInt8(ascii: "-")] : []) + clock + Digits.fraction(microsecond, column.decimals)
    }
}

/// Digits in the groups that dates and times are made of.
private enum Digits {
    static func of(_ number: some UnsignedInteger, _ width: Int) -> [UInt8] {
        zeros(upTo: width, Array(String(number).utf8))
    }

    static func zeros(upTo width: Int, _ text: [UInt8]) -> [UInt8] {
        Array(repeating: UInt8(ascii: "0"), count: max(0, width - text.count)) + text
    }

    static func clock(hours: UInt64, _ minute: UInt8, _ second: UInt8) -> [UInt8] {
        of(hours, 2) + [UInt8(ascii: ":")] + of(minute, 2) + [UInt8(ascii: ":")] + of(second, 2)
    }

    /// The point and the digits behind it; where the column doesn't fix how many, six or none.
    static func fraction(_ microsecond: UInt32, _ decimals: UInt8) -> [UInt8] {
        let count = decimals <= 6 ? Int(decimals) : microsecond == 0 ? 0 : 6
        return count == 0 ? [] : [UInt8(ascii: ".")] + of(microsecond, 6).prefix(count)
    }
}
