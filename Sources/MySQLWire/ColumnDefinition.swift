/// One column of a result.
///
/// Source: MySQL protocol, "Protocol::ColumnDefinition41"; MariaDB knowledge base, "Column Definition Packet".
public struct ColumnDefinition: Hashable, Sendable {
    /// The catalog, always `def`.
    public var catalog: String
    /// The schema.
    public var schema: String
    /// The table's name in the statement.
    public var table: String
    /// The table's own name.
    public var originalTable: String
    /// The column's name in the statement.
    public var name: String
    /// The column's own name.
    public var originalName: String
    /// MariaDB's extended type information, only sent with MARIADB_CLIENT_EXTENDED_METADATA.
    public var extendedMetadata: [ExtendedMetadata]
    /// The collation's number; 63 for numbers, dates and binary strings.
    public var collation: UInt16
    /// The longest value, in bytes of text.
    public var length: UInt32
    /// The type.
    public var type: ColumnType
    /// The properties.
    public var flags: ColumnFlags
    /// Digits behind the point; 31 for floats, 39 for "not fixed" in MariaDB.
    public var decimals: UInt8
    /// The default value, only sent as an answer to COM_FIELD_LIST.
    public var defaultValue: DefaultValue

    /// One piece of MariaDB's extended type information.
    public struct ExtendedMetadata: Hashable, Sendable {
        /// 0 for the type's name, 1 for its format.
        public var kind: UInt8
        /// The name or format, for instance `uuid` or `json`.
        public var value: String

        /// A piece.
        public init(kind: UInt8, value: String) {
            self.kind = kind
            self.value = value
        }
    }

    /// A default value in the answer to COM_FIELD_LIST.
    public enum DefaultValue: Hashable, Sendable {
        /// Not sent.
        case absent
        /// NULL.
        case null
        /// A value as text.
        case text([UInt8])
    }

    /// A column of a result.
    public init(
        name: String, type: ColumnType, flags: ColumnFlags = [], collation: UInt16 = 45, length: UInt32 = 0,
        decimals: UInt8 = 0, schema: String = "", table: String = "", originalTable: String = "",
        originalName: String = "", extendedMetadata: [ExtendedMetadata] = [], defaultValue: DefaultValue = .absent
    ) {
        catalog = "def"
        (self.schema, self.table, self.originalTable) = (schema, table, originalTable)
        (self.name, self.originalName) = (name, originalName)
        (self.type, self.flags, self.decimals) = (type, flags, decimals)
        (self.collation, self.length) = (collation, length)
        (self.extendedMetadata, self.defaultValue) = (extendedMetadata, defaultValue)
    }

    /// Reads the payload of a packet sent to a client with `capabilities`; names that aren't UTF-8 are repaired.
    public init(decoding payload: Span<UInt8>, capabilities: Capabilities) throws(WireError) {
        var reader = ByteReader(payload, of: "column definition")
        self.init(name: "", type: .null)
        catalog = try reader.lengthEncodedString("the catalog")
        schema = try reader.lengthEncodedString("the schema")
        table = try reader.lengthEncodedString("the table")
        originalTable = try reader.lengthEncodedString("the original table")
        name = try reader.lengthEncodedString("the name")
        originalName = try reader.lengthEncodedString("the original name")
        if capabilities.contains(.mariadbExtendedMetadata) {
            let range = try reader.lengthEncodedRange("the extended metadata")
            extendedMetadata = try ExtendedMetadata.decodeAll(payload.extracting(range))
        }
        try reader.expect(12, "the length 12 of the fixed fields")
        collation = try reader.uint16("the collation")
        length = try reader.uint32("the length")
        type = ColumnType(rawValue: try reader.uint8("the type"))
        flags = ColumnFlags(rawValue: try reader.uint16("the flags"))
        decimals = try reader.uint8("the decimals")
        try reader.skip(2, "filler bytes")
        guard !reader.isAtEnd else { return }
        defaultValue = try reader.nullableBytes("the default value").map(DefaultValue.text) ?? .null
    }

    /// The payload for a client with `capabilities`.
    public func encode(capabilities: Capabilities) -> [UInt8] {
        var writer = PayloadWriter()
        for text in [catalog, schema, table, originalTable, name, originalName] { writer.lengthEncoded(text) }
        if capabilities.contains(.mariadbExtendedMetadata) {
            ExtendedMetadata.encode(extendedMetadata, into: &writer)
        }
        writer.uint8(12)
        writer.uint16(collation)
        writer.uint32(length)
        writer.uint8(type.rawValue)
        writer.uint16(flags.rawValue)
        writer.uint8(decimals)
        writer.zeros(2)
        switch defaultValue {
        case .absent: break
        case .null: writer.nullable(nil)
        case .text(let text): writer.lengthEncoded(text)
        }
        return writer.bytes
    }
}

extension ColumnDefinition.ExtendedMetadata {
    fileprivate static func decodeAll(_ block: Span<UInt8>) throws(WireError) -> [Self] {
        var reader = ByteReader(block, of: "extended metadata")
        var pieces: [Self] = []
        while !reader.isAtEnd {
            let kind = try reader.uint8("a piece's kind")
            pieces.append(Self(kind: kind, value: try reader.lengthEncodedString("a piece's value")))
        }
        return pieces
    }

    fileprivate static func encode(_ pieces: [Self], into writer: inout PayloadWriter) {
        var block = PayloadWriter()
        for piece in pieces {
            block.uint8(piece.kind)
            block.lengthEncoded(piece.value)
        }
        writer.lengthEncoded(block.bytes)
    }
}
