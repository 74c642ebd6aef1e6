/// A row of a text result.
///
/// Source: MySQL protocol, "Text Resultset Row".
public struct TextRow: Hashable, Sendable {
    /// The values as text; nil for NULL.
    public var values: [[UInt8]?]

    /// A row with the given values.
    public init(values: [[UInt8]?]) {
        self.values = values
    }

    /// Reads the payload of a row with so many columns.
    public init(decoding payload: Span<UInt8>, columns: Int) throws(WireError) {
        var reader = ByteReader(payload, of: "text row")
        var values: [[UInt8]?] = []
        while values.count < columns {
            values.append(try reader.nullableBytes("the value of column \(values.count + 1)"))
        }
        guard reader.isAtEnd else { throw reader.error(expecting: "the row's end") }
        self.values = values
    }

    /// The payload.
    public func encode() -> [UInt8] {
        var writer = PayloadWriter()
        for value in values { writer.nullable(value) }
        return writer.bytes
    }
}

/// A row of a binary result, as COM_STMT_EXECUTE and COM_STMT_FETCH bring it.
///
/// Source: MySQL protocol, "Binary Protocol Resultset Row".
public struct BinaryRow: Hashable, Sendable {
    /// The values.
    public var values: [BinaryValue]

    /// A row with the given values.
    public init(values: [BinaryValue]) {
        self.values = values
    }

    /// Reads the payload of a row with such columns.
    public init(decoding payload: Span<UInt8>, columns: [ColumnDefinition]) throws(WireError) {
        var reader = ByteReader(payload, of: "binary row")
        try reader.expect(0, "the byte 0x00")
        let nulls = try NullBitmap(decoding: &reader, count: columns.count, offset: 2)
        values = []
        for (index, column) in columns.enumerated() {
            let unsigned = column.flags.contains(.unsigned)
            values.append(nulls[index] ? .null : try reader.binaryValue(column.type, unsigned: unsigned))
        }
        guard reader.isAtEnd else { throw reader.error(expecting: "the row's end") }
    }

    /// The payload.
    ///
    /// - Throws: where there aren't as many values as columns, or a value isn't of its column's type.
    public func encode(columns: [ColumnDefinition]) throws(WireError) -> [UInt8] {
        guard values.count == columns.count else {
            throw WireError(packet: "binary row", expected: "\(columns.count) values, not \(values.count)", offset: 0)
        }
        var writer = PayloadWriter(0)
        writer.raw(NullBitmap(values.map { $0 == .null }, offset: 2).bytes)
        for (value, column) in zip(values, columns) { try writer.binaryValue(value, as: column.type) }
        return writer.bytes
    }
}

/// One bit a value, set for NULL; rows leave the first two bits unused.
struct NullBitmap: Hashable, Sendable {
    private(set) var bytes: [UInt8]
    private let offset: Int

    init(_ nulls: [Bool], offset: Int) {
        self.offset = offset
        bytes = Array(repeating: 0, count: Self.size(nulls.count, offset))
        for (index, isNull) in nulls.enumerated() where isNull {
            bytes[(index + offset) / 8] |= 1 << UInt8((index + offset) % 8)
        }
    }

    @_lifetime(reader: copy reader)
    init(decoding reader: inout ByteReader, count: Int, offset: Int) throws(WireError) {
        self.offset = offset
        bytes = try reader.take(Self.size(count, offset), "the NULL bitmap")
    }

    subscript(index: Int) -> Bool {
        bytes[(index + offset) / 8] & 1 << UInt8((index + offset) % 8) != 0
    }

    private static func size(_ count: Int, _ offset: Int) -> Int { (count + offset + 7) / 8 }
}
