extension BinaryValue {
    /// Reads the text of a text row as the value of a binary row with such a column; nil is NULL.
    ///
    /// Days go to 31 in any month, and months and days may be zero, as servers allow by their SQL mode.
    ///
    /// - Throws: where the text isn't of the column's type or out of its range; the error names both.
    public init(text: [UInt8]?, column: ColumnDefinition) throws(WireError) {
        guard let text else {
            self = .null
            return
        }
        guard let value = Self.parse(text, column) else { throw Self.misfit(text, column) }
        self = value
    }

    private static func parse(_ text: [UInt8], _ column: ColumnDefinition) -> Self? {
        switch column.type.shape {
        case nil, .nothing: nil
        case .integer: integer(text, column)
        case .float: number(text).flatMap(Float.init).flatMap { $0.isFinite ? .float($0) : nil }
        case .double: number(text).flatMap(Double.init).flatMap { $0.isFinite ? .double($0) : nil }
        case .bytes: .bytes(text)
        case .dateTime: DateTime(text, column.type).map(Self.dateTime)
        case .time: Time(text).map(Self.time)
        }
    }

    private static func integer(_ text: [UInt8], _ column: ColumnDefinition) -> Self? {
        let written = String(decoding: text, as: UTF8.self)
        if column.flags.contains(.unsigned) {
            guard let number = UInt64(written), number <= column.type.highest(unsigned: true) else { return nil }
            return .unsigned(number)
        }
        guard let number = Int64(written), number >= column.type.lowest(unsigned: false) else { return nil }
        return number <= 0 || UInt64(number) <= column.type.highest(unsigned: false) ? .signed(number) : nil
    }

    /// The text where it is a decimal number: the standard library would read `0x1p3`, `inf` and `nan` too.
    private static func number(_ text: [UInt8]) -> String? {
        let isDecimal = text.allSatisfy { "0123456789+-.eE".utf8.contains($0) }
        return isDecimal ? String(decoding: text, as: UTF8.self) : nil
    }

    private static func misfit(_ text: [UInt8], _ column: ColumnDefinition) -> WireError {
        // The log is made of lines: a script's text must not add some.
        let shown = String(decoding: text.prefix(40).map { $0 < 32 ? UInt8(ascii: "?") : $0 }, as: UTF8.self)
        let expected = "\(column.type.expectedText(unsigned: column.flags.contains(.unsigned))), not '\(shown)',"
        return WireError(packet: "value of column '\(column.name)'", expected: expected, offset: 0)
    }
}

extension ColumnType {
    /// The bits of an integer's values, which are fewer than those on the wire for MEDIUMINT; nil for other types.
    private var integerBits: Int? {
        guard case .integer(let size) = shape else { return nil }
        return self == .int24 ? 24 : 8 * size
    }

    /// The lowest value of an integer type.
    fileprivate func lowest(unsigned: Bool) -> Int64 {
        unsigned || self == .year ? 0 : -1 << ((integerBits ?? 64) - 1)
    }

    /// The highest value of an integer type.
    fileprivate func highest(unsigned: Bool) -> UInt64 {
        self == .year ? 2155 : .max >> (64 - (integerBits ?? 64) + (unsigned ? 0 : 1))
    }

    /// What texts of the type look like, with the type's name in SQL.
    fileprivate func expectedText(unsigned: Bool) -> String {
        if integerBits != nil {
            let name = integerName + (unsigned && self != .year ? " UNSIGNED" : "")
            return "\(name) from \(lowest(unsigned: unsigned)) to \(highest(unsigned: unsigned))"
        }
        return switch self {
        case .float, .double: "a \(self == .float ? "FLOAT" : "DOUBLE") like -1.5 or 1e10"
        case .date, .newDate: "a DATE like 2024-12-31"
        case .dateTime, .timestamp: "a \(self == .timestamp ? "TIMESTAMP" : "DATETIME") like 2024-12-31 23:59:59.5"
        case .time: "a TIME like -12:59:59.5, up to 838:59:59"
        case .null: "NULL, which the column's type wants"
        // Open set: bytes take every text, so only numbers that nobody knows are left.
        default: "a known type, not number \(rawValue)"
        }
    }

    private var integerName: String {
        switch self {
        case .tiny: "a TINYINT"
        case .short: "a SMALLINT"
        case .int24: "a MEDIUMINT"
        case .long: "an INT"
        case .year: "a YEAR"
        // Open set: asked for integers only, of which one is left.
        default: "a BIGINT"
        }
    }
}
