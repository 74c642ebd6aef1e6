extension ByteReader {
    /// Reads a value of the given type that isn't NULL.
    @_lifetime(self: copy self)
    public mutating func binaryValue(_ type: ColumnType, unsigned: Bool) throws(WireError) -> BinaryValue {
        guard let shape = type.shape else { throw error(expecting: "a known type, not number \(type.rawValue)") }
        switch shape {
        case .nothing: return .null
        case .integer(let size): return try integer(size, unsigned: unsigned)
        case .float: return .float(Float(bitPattern: try uint32("a float")))
        case .double: return .double(Double(bitPattern: try uint64("a double")))
        case .bytes: return .bytes(try lengthEncodedBytes("a string value"))
        case .dateTime: return .dateTime(try dateTime())
        case .time: return .time(try time())
        }
    }

    @_lifetime(self: copy self)
    private mutating func integer(_ size: Int, unsigned: Bool) throws(WireError) -> BinaryValue {
        let value = try fixed(size, "an integer of \(size) bytes")
        guard !unsigned else { return .unsigned(value) }
        let unused = 64 - 8 * size
        return .signed(Int64(truncatingIfNeeded: value << UInt64(unused)) >> Int64(unused))
    }

    @_lifetime(self: copy self)
    private mutating func dateTime() throws(WireError) -> BinaryValue.DateTime {
        var value = BinaryValue.DateTime(year: 0, month: 0, day: 0)
        let length = try dateLength([0, 4, 7, 11], "a date's length: 0, 4, 7 or 11")
        if length >= 4 {
            value.year = try uint16("a year")
            value.month = try uint8("a month")
            value.day = try uint8("a day")
        }
        if length >= 7 {
            (value.hour, value.minute, value.second) = try timeOfDay()
        }
        if length >= 11 { value.microsecond = try uint32("microseconds") }
        return value
    }

    @_lifetime(self: copy self)
    private mutating func time() throws(WireError) -> BinaryValue.Time {
        var value = BinaryValue.Time()
        let length = try dateLength([0, 8, 12], "a time's length: 0, 8 or 12")
        if length >= 8 {
            value.isNegative = try uint8("a time's sign") != 0
            value.days = try uint32("days")
            (value.hour, value.minute, value.second) = try timeOfDay()
        }
        if length >= 12 { value.microsecond = try uint32("microseconds") }
        return value
    }

    @_lifetime(self: copy self)
    private mutating func timeOfDay() throws(WireError) -> (UInt8, UInt8, UInt8) {
        (try uint8("an hour"), try uint8("a minute"), try uint8("a second"))
    }

    @_lifetime(self: copy self)
    private mutating func dateLength(_ allowed: [UInt8], _ what: String) throws(WireError) -> UInt8 {
        guard let length = peeked, allowed.contains(length) else { throw error(expecting: what) }
        return try uint8(what)
    }
}

extension PayloadWriter {
    /// Appends a value as the given type writes it; NULL appends nothing, its bit is the caller's.
    ///
    /// - Throws: where the value isn't of the type, or an integer doesn't fit in the type's size.
    public mutating func binaryValue(_ value: BinaryValue, as type: ColumnType) throws(WireError) {
        if case .null = value { return }
        guard let shape = type.shape else { throw mismatch("a known type, not number \(type.rawValue)") }
        switch (shape, value) {
        case (.integer(let size), .signed(let number)):
            try fits(number >> (8 * size - 1) == 0 || number >> (8 * size - 1) == -1, size)
            fixed(UInt64(bitPattern: number), size: size)
        case (.integer(let size), .unsigned(let number)):
            try fits(size == 8 || number >> (8 * size) == 0, size)
            fixed(number, size: size)
        case (.float, .float(let number)): uint32(number.bitPattern)
        case (.double, .double(let number)): uint64(number.bitPattern)
        case (.bytes, .bytes(let text)): lengthEncoded(text)
        case (.dateTime, .dateTime(let date)): append(date)
        case (.time, .time(let time)): append(time)
        case (.nothing, _), (.integer, _), (.float, _), (.double, _), (.bytes, _), (.dateTime, _), (.time, _):
            throw mismatch("a value of type \(type.rawValue)")
        }
    }

    private func fits(_ condition: Bool, _ size: Int) throws(WireError) {
        if !condition { throw mismatch("an integer that fits in \(size) bytes") }
    }

    private func mismatch(_ what: String) -> WireError {
        WireError(packet: "binary value", expected: what, offset: bytes.count)
    }

    private mutating func append(_ date: BinaryValue.DateTime) {
        let hasTime = date.hour != 0 || date.minute != 0 || date.second != 0
        let hasDate = date.year != 0 || date.month != 0 || date.day != 0
        let length: UInt8 = date.microsecond != 0 ? 11 : hasTime ? 7 : hasDate ? 4 : 0
        uint8(length)
        if length >= 4 {
            uint16(date.year)
            raw([date.month, date.day])
        }
        if length >= 7 { raw([date.hour, date.minute, date.second]) }
        if length >= 11 { uint32(date.microsecond) }
    }

    private mutating func append(_ time: BinaryValue.Time) {
        let isZero = time.days == 0 && time.hour == 0 && time.minute == 0 && time.second == 0
        let length: UInt8 = time.microsecond != 0 ? 12 : isZero ? 0 : 8
        uint8(length)
        guard length > 0 else { return }
        uint8(time.isNegative ? 1 : 0)
        uint32(time.days)
        raw([time.hour, time.minute, time.second])
        if length >= 12 { uint32(time.microsecond) }
    }
}
