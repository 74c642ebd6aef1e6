extension Command {
    /// The payload of a command that is only its byte: COM_QUIT, COM_PING, COM_RESET_CONNECTION and their like.
    public func payload() -> [UInt8] { [rawValue] }

    /// The payload of a command with a text: COM_INIT_DB, COM_STMT_PREPARE, COM_CREATE_DB, COM_DROP_DB.
    public func payload(text: [UInt8]) -> [UInt8] { [rawValue] + text }

    /// The payload of a command with a text.
    public func payload(text: String) -> [UInt8] { payload(text: Array(text.utf8)) }

    /// The payload of a command with a number of four bytes: COM_STMT_CLOSE, COM_STMT_RESET, COM_PROCESS_KILL.
    public func payload(number: UInt32) -> [UInt8] {
        var writer = PayloadWriter(rawValue)
        writer.uint32(number)
        return writer.bytes
    }

    /// The text behind the command byte, which must be this command's.
    public func decodeText(_ payload: Span<UInt8>) throws(WireError) -> [UInt8] {
        var reader = ByteReader(payload, of: description)
        try reader.expect(rawValue, "the command byte \(rawValue)")
        return reader.rest()
    }

    /// The number of four bytes behind the command byte, which must be this command's.
    public func decodeNumber(_ payload: Span<UInt8>) throws(WireError) -> UInt32 {
        var reader = ByteReader(payload, of: description)
        try reader.expect(rawValue, "the command byte \(rawValue)")
        return try reader.uint32("a number of four bytes")
    }
}

/// COM_SET_OPTION: switches several statements in a query on or off.
///
/// Source: MySQL protocol, "COM_SET_OPTION".
public struct SetOptionCommand: BitwiseCopyable, Hashable, Sendable {
    /// The option: 0 switches several statements on, 1 off.
    public var option: UInt16

    /// A command for the given option.
    public init(option: UInt16) {
        self.option = option
    }

    /// Reads the payload, command byte included.
    public init(decoding payload: Span<UInt8>) throws(WireError) {
        var reader = ByteReader(payload, of: "COM_SET_OPTION")
        try reader.expect(Command.setOption.rawValue, "the command byte 0x1B")
        option = try reader.uint16("the option")
    }

    /// The payload, command byte included.
    public func encode() -> [UInt8] {
        var writer = PayloadWriter(Command.setOption.rawValue)
        writer.uint16(option)
        return writer.bytes
    }
}

/// COM_FIELD_LIST: a table's columns whose names match a pattern.
///
/// Source: MySQL protocol, "COM_FIELD_LIST".
public struct FieldListCommand: Hashable, Sendable {
    /// The table.
    public var table: [UInt8]
    /// The pattern, with SQL's wildcards; empty for all columns.
    public var pattern: [UInt8]

    /// A command for the given table.
    public init(table: [UInt8], pattern: [UInt8] = []) {
        self.table = table
        self.pattern = pattern
    }

    /// Reads the payload, command byte included.
    public init(decoding payload: Span<UInt8>) throws(WireError) {
        var reader = ByteReader(payload, of: "COM_FIELD_LIST")
        try reader.expect(Command.fieldList.rawValue, "the command byte 0x04")
        table = try reader.nulTerminated("the table")
        pattern = reader.rest()
    }

    /// The payload, command byte included.
    public func encode() -> [UInt8] {
        var writer = PayloadWriter(Command.fieldList.rawValue)
        writer.nulTerminated(table)
        writer.raw(pattern)
        return writer.bytes
    }
}
