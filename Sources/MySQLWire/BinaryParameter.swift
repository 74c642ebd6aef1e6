/// A parameter's type as COM_STMT_EXECUTE binds it.
public struct ParameterType: BitwiseCopyable, Hashable, Sendable {
    /// The type.
    public var type: ColumnType
    /// Whether an integer is unsigned (the second byte's highest bit).
    public var isUnsigned: Bool

    /// A type.
    public init(_ type: ColumnType, unsigned: Bool = false) {
        self.type = type
        isUnsigned = unsigned
    }

    @_lifetime(reader: copy reader)
    init(decoding reader: inout ByteReader) throws(WireError) {
        type = ColumnType(rawValue: try reader.uint8("a parameter's type"))
        isUnsigned = try reader.uint8("a parameter's flags") & 0x80 != 0
    }

    func encode(into writer: inout PayloadWriter) {
        writer.uint8(type.rawValue)
        writer.uint8(isUnsigned ? 0x80 : 0)
    }
}

/// A statement parameter or a query attribute.
///
/// Source: MySQL protocol, "COM_QUERY" and "COM_STMT_EXECUTE" with CLIENT_QUERY_ATTRIBUTES.
public struct BinaryParameter: Hashable, Sendable {
    /// The attribute's name; empty for parameters, which have none.
    public var name: String
    /// The type.
    public var type: ParameterType
    /// The value; nil where COM_STMT_SEND_LONG_DATA has sent it.
    public var value: BinaryValue?

    /// A parameter.
    public init(name: String = "", type: ParameterType, value: BinaryValue?) {
        self.name = name
        self.type = type
        self.value = value
    }
}

/// NULL bitmap, types and values, as COM_QUERY and COM_STMT_EXECUTE both have them.
struct ParameterBlock {
    var parameters: [BinaryParameter]
    var bindsTypes: Bool

    /// Reads a block of `count` parameters, one or more.
    ///
    /// - Parameter types: those of the execution before, for a block that binds none.
    @_lifetime(reader: copy reader)
    init(
        decoding reader: inout ByteReader, count: Int, named: Bool, types: [ParameterType], longData: Set<Int> = []
    ) throws(WireError) {
        let nulls = try NullBitmap(decoding: &reader, count: count, offset: 0)
        bindsTypes = try reader.uint8("whether types are bound") == 1
        parameters = []
        if bindsTypes {
            try decodeTypes(&reader, count, named)
        } else {
            guard types.count == count else { throw reader.error(expecting: "the types of \(count) parameters") }
            parameters = types.map { BinaryParameter(type: $0, value: .null) }
        }
        for index in parameters.indices where !nulls[index] {
            let type = parameters[index].type
            parameters[index].value =
                longData.contains(index) ? nil : try reader.binaryValue(type.type, unsigned: type.isUnsigned)
        }
    }

    init(_ parameters: [BinaryParameter], bindsTypes: Bool = true) {
        self.parameters = parameters
        self.bindsTypes = bindsTypes
    }

    @_lifetime(reader: copy reader)
    private mutating func decodeTypes(_ reader: inout ByteReader, _ count: Int, _ named: Bool) throws(WireError) {
        for _ in 0..<count {
            let type = try ParameterType(decoding: &reader)
            let name = named ? try reader.lengthEncodedString("a parameter's name") : ""
            parameters.append(BinaryParameter(name: name, type: type, value: .null))
        }
    }

    func encode(into writer: inout PayloadWriter, named: Bool) throws(WireError) {
        writer.raw(NullBitmap(parameters.map { $0.value == .null }, offset: 0).bytes)
        writer.uint8(bindsTypes ? 1 : 0)
        if bindsTypes {
            for parameter in parameters {
                parameter.type.encode(into: &writer)
                if named { writer.lengthEncoded(parameter.name) }
            }
        }
        for parameter in parameters {
            if let value = parameter.value { try writer.binaryValue(value, as: parameter.type.type) }
        }
    }
}
