/// A name as its bytes, without quotes.
public struct SQLName: Hashable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
    /// The name in the statement's character set; ASCII letters are lower case where the server ignores case.
    public let bytes: [UInt8]

    /// The name as text; bytes that aren't UTF-8 are replaced.
    public var description: String { String(decoding: bytes, as: UTF8.self) }

    /// A name as its bytes.
    public init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// A name as it is written.
    public init(stringLiteral name: String) { bytes = Array(name.utf8) }

    /// The name in the bytes of a token, in quotes or without.
    init(_ text: Span<UInt8>, _ range: Range<Int>, foldingCase: Bool, mode: SQLLexicalMode = []) {
        var bytes = SQLText.content(of: text, range, mode: mode)
        if foldingCase { for index in bytes.indices { bytes[index] = bytes[index].lowercased } }
        self.bytes = bytes
    }
}

/// The name of a table.
public struct SQLTableName: Hashable, Sendable, CustomStringConvertible {
    /// The schema; nil for the current one.
    public let schema: SQLName?
    /// The table, in the case that it is written in.
    public let table: SQLName

    /// A table of a schema, or of the current one.
    public init(schema: SQLName? = nil, _ table: SQLName) {
        self.schema = schema
        self.table = table
    }

    /// `schema.table`, without quotes.
    public var description: String { schema.map { "\($0).\(table)" } ?? table.description }
}

/// The bytes that a quoted token stands for, or those of a token without quotes.
func content(of text: Span<UInt8>, _ range: Range<Int>, mode: SQLLexicalMode) -> [UInt8] {
    guard range.count >= 2 else { return bytes(of: text, range) }
    let quote = text[range.lowerBound]
    guard quote == 0x22 || quote == 0x27 || quote == 0x60 else { return bytes(of: text, range) }
    let hasEscapes = quote != 0x60 && !mode.contains(.noBackslashEscapes)
    var result: [UInt8] = []
    result.reserveCapacity(range.count)
    var index = range.lowerBound + 1
    let end = range.upperBound - 1
    while index < end {
        let byte = text[index]
        let isEscape = byte == 0x5C && hasEscapes && index + 1 < end
        if isEscape {
            appendEscaped(text[index + 1], to: &result)
        } else {
            result.append(byte)
        }
        index += isEscape || byte == quote ? 2 : 1
    }
    return result
}

private func bytes(of text: Span<UInt8>, _ range: Range<Int>) -> [UInt8] { range.map { text[$0] } }

/// What a backslash before `byte` makes of it.
private func appendEscaped(_ byte: UInt8, to result: inout [UInt8]) {
    switch byte {
    case UInt8(ascii: "0"): result.append(0)
    case UInt8(ascii: "b"): result.append(0x08)
    case UInt8(ascii: "n"): result.append(0x0A)
    case UInt8(ascii: "r"): result.append(0x0D)
    case UInt8(ascii: "t"): result.append(0x09)
    case UInt8(ascii: "Z"): result.append(0x1A)
    case UInt8(ascii: "%"), UInt8(ascii: "_"): result += [0x5C, byte]
    default: result.append(byte)
    }
}
