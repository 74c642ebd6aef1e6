/// COM_QUERY: a statement as text.
///
/// Source: MySQL protocol, "COM_QUERY".
public struct QueryCommand: Hashable, Sendable {
    /// The statement, in the client's character set.
    public var statement: [UInt8]
    /// The attributes; only sent with CLIENT_QUERY_ATTRIBUTES.
    public var attributes: [BinaryParameter]

    /// A query with the given statement.
    public init(_ statement: String, attributes: [BinaryParameter] = []) {
        self.init(statement: Array(statement.utf8), attributes: attributes)
    }

    /// A query with the given statement.
    public init(statement: [UInt8], attributes: [BinaryParameter] = []) {
        self.statement = statement
        self.attributes = attributes
    }

    /// The statement; what isn't UTF-8 is replaced.
    public var text: String { String(decoding: statement, as: UTF8.self) }

    /// Reads the payload, command byte included, of a client with `capabilities`.
    public init(decoding payload: Span<UInt8>, capabilities: Capabilities) throws(WireError) {
        var reader = ByteReader(payload, of: "COM_QUERY")
        try reader.expect(Command.query.rawValue, "the command byte 0x03")
        attributes = []
        if capabilities.contains(.queryAttributes) {
            let count = try reader.lengthEncoded("the number of attributes")
            let sets = try reader.lengthEncoded("the number of attribute sets")
            guard sets == 1, count <= 0xFFFF else { throw reader.error(expecting: "one set of up to 65535 attributes") }
            if count > 0 {
                attributes = try ParameterBlock(decoding: &reader, count: Int(count), named: true, types: []).parameters
            }
        }
        statement = reader.rest()
    }

    /// The payload, command byte included, for a server that was logged in to with `capabilities`.
    ///
    /// - Throws: where an attribute's value isn't of its type.
    public func encode(capabilities: Capabilities = []) throws(WireError) -> [UInt8] {
        var writer = PayloadWriter(Command.query.rawValue)
        if capabilities.contains(.queryAttributes) {
            writer.lengthEncoded(UInt64(attributes.count))
            writer.lengthEncoded(1)
            if !attributes.isEmpty { try ParameterBlock(attributes).encode(into: &writer, named: true) }
        }
        writer.raw(statement)
        return writer.bytes
    }
}
