/// A change of the session's state that an OK packet tells.
///
/// Source: MySQL protocol, "Session State Information"; MariaDB knowledge base, "OK_Packet".
public enum SessionStateChange: Hashable, Sendable {
    /// System variables and their new values; MySQL tells one an entry, MariaDB several.
    case systemVariables([SystemVariable])
    /// The new default schema.
    case schema(String)
    /// Whether some state changed, `1` for yes.
    case stateChanged(String)
    /// GTIDs, with the number of their encoding.
    case gtids(encoding: UInt8, String)
    /// What would open the present transaction again, for instance `START TRANSACTION;`.
    case transactionCharacteristics(String)
    /// The transaction's state, eight letters such as `T_______`.
    case transactionState(String)
    /// A kind that isn't known, or text that isn't UTF-8.
    case unknown(type: UInt8, [UInt8])

    /// One system variable.
    public struct SystemVariable: Hashable, Sendable {
        /// Its name.
        public var name: String
        /// Its new value.
        public var value: String

        /// A variable.
        public init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }
}

extension SessionStateChange {
    /// Reads a block of entries, without the block's length.
    public static func decodeAll(_ block: Span<UInt8>) throws(WireError) -> [Self] {
        var reader = ByteReader(block, of: "session-state information")
        var changes: [Self] = []
        while !reader.isAtEnd {
            let type = try reader.uint8("an entry's type")
            let range = try reader.lengthEncodedRange("an entry's data")
            changes.append(try decode(type: type, block.extracting(range)))
        }
        return changes
    }

    private static func decode(type: UInt8, _ data: Span<UInt8>) throws(WireError) -> Self {
        var reader = ByteReader(data, of: "session-state entry")
        let known: Self?
        switch type {
        case 0: known = try decodeVariables(&reader).map(Self.systemVariables)
        case 1: known = try reader.validString("the schema").map(Self.schema)
        // Servers send this text without a length of its own.
        case 2: known = reader.valid(try reader.skip(reader.remaining, "the state")).map(Self.stateChanged)
        case 3:
            let encoding = try reader.uint8("the GTIDs' encoding")
            known = try reader.validString("the GTIDs").map { .gtids(encoding: encoding, $0) }
        case 4: known = try reader.validString("the characteristics").map(Self.transactionCharacteristics)
        case 5: known = try reader.validString("the transaction state").map(Self.transactionState)
        default: known = nil
        }
        guard let known, reader.isAtEnd else { return .unknown(type: type, reader.copy(0..<data.count)) }
        return known
    }

    @_lifetime(reader: copy reader)
    private static func decodeVariables(_ reader: inout ByteReader) throws(WireError) -> [SystemVariable]? {
        var variables: [SystemVariable] = []
        while !reader.isAtEnd {
            guard let name = try reader.validString("a variable's name"),
                let value = try reader.validString("a variable's value")
            else { return nil }
            variables.append(SystemVariable(name: name, value: value))
        }
        return variables
    }

    /// Appends the entry.
    package func encode(into writer: inout PayloadWriter) {
        var data = PayloadWriter()
        switch self {
        case .systemVariables(let variables):
            for variable in variables {
                data.lengthEncoded(variable.name)
                data.lengthEncoded(variable.value)
            }
        case .schema(let text), .transactionCharacteristics(let text), .transactionState(let text):
            data.lengthEncoded(text)
        case .stateChanged(let text): data.raw(text.utf8)
        case .gtids(let encoding, let text):
            data.uint8(encoding)
            data.lengthEncoded(text)
        case .unknown(_, let bytes): data.raw(bytes)
        }
        writer.uint8(type)
        writer.lengthEncoded(data.bytes)
    }

    /// The entry's number on the wire.
    public var type: UInt8 {
        switch self {
        case .systemVariables: 0
        case .schema: 1
        case .stateChanged: 2
        case .gtids: 3
        case .transactionCharacteristics: 4
        case .transactionState: 5
        case .unknown(let type, _): type
        }
    }
}

extension ByteReader {
    /// Reads a length-encoded string; nil where it isn't UTF-8.
    @_lifetime(self: copy self)
    mutating func validString(_ what: String) throws(WireError) -> String? {
        valid(try lengthEncodedRange(what))
    }

    /// The text at `range`, which comes from this reader; nil where it isn't UTF-8.
    fileprivate func valid(_ range: Range<Int>) -> String? {
        guard let text = try? UTF8Span(validating: bytes.extracting(range)) else { return nil }
        return String(copying: text)
    }
}
