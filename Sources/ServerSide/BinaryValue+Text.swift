public import MySQLWire

extension BinaryValue {
    /// The value as text rows carry it; nil for NULL.
    var text: [UInt8]? {
        switch self {
        case .null: nil
        case .signed(let number): Array(String(number).utf8)
        case .unsigned(let number): Array(String(number).utf8)
        case .float(let number): Self.text(String(number))
        case .double(let number): Self.text(String(number))
        case .bytes(let bytes): bytes
        case .dateTime(let date): Array(date.text.utf8)
        case .time(let time): Array(time.text.utf8)
        }
    }

    /// MySQL writes whole numbers without a fraction: `3`, not `3.0`.
    private static func text(_ number: String) -> [UInt8] {
        Array((number.hasSuffix(".0") ? String(number.dropLast(2)) : number).utf8)
    }
}

extension BinaryValue.DateTime {
    /// `YYYY-MM-DD hh:mm:ss[.ffffff]`.
    public var text: String {
        let day = padded(Int(year), 4) + "-" + padded(Int(month), 2) + "-" + padded(Int(self.day), 2)
        let clock = padded(Int(hour), 2) + ":" + padded(Int(minute), 2) + ":" + padded(Int(second), 2)
        return day + " " + clock + (microsecond > 0 ? "." + padded(Int(microsecond), 6) : "")
    }
}

extension BinaryValue.Time {
    /// `[-]hh:mm:ss[.ffffff]`, hours beyond 23 for days.
    public var text: String {
        let clock =
            padded(Int(days) * 24 + Int(hour), 2) + ":" + padded(Int(minute), 2) + ":" + padded(Int(second), 2)
        return (isNegative ? "-" : "") + clock + (microsecond > 0 ? "." + padded(Int(microsecond), 6) : "")
    }
}

private func padded(_ number: Int, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
}
