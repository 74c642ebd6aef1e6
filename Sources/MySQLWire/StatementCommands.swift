/// COM_STMT_SEND_LONG_DATA: a piece of a parameter's value, ahead of the execution; the server doesn't answer.
///
/// Source: MySQL protocol, "COM_STMT_SEND_LONG_DATA".
public struct LongDataCommand: Hashable, Sendable {
    /// The statement's number.
    public var statementID: UInt32
    /// The parameter, from 0.
    public var parameter: UInt16
    /// The piece.
    public var data: [UInt8]

    /// A piece of a value.
    public init(statementID: UInt32, parameter: UInt16, data: [UInt8]) {
        self.statementID = statementID
        self.parameter = parameter
        self.data = data
    }

    /// Reads the payload, command byte included.
    public init(decoding payload: Span<UInt8>) throws(WireError) {
        var reader = ByteReader(payload, of: "COM_STMT_SEND_LONG_DATA")
        try reader.expect(Command.sendLongData.rawValue, "the command byte 0x18")
        statementID = try reader.uint32("the statement id")
        parameter = try reader.uint16("the parameter's number")
        data = reader.rest()
    }

    /// The payload, command byte included.
    public func encode() -> [UInt8] {
        var writer = PayloadWriter(Command.sendLongData.rawValue)
        writer.uint32(statementID)
        writer.uint16(parameter)
        writer.raw(data)
        return writer.bytes
    }
}

/// COM_STMT_FETCH: more rows of a cursor.
///
/// Source: MySQL protocol, "COM_STMT_FETCH".
public struct FetchCommand: BitwiseCopyable, Hashable, Sendable {
    /// The statement's number.
    public var statementID: UInt32
    /// The most rows that are wanted.
    public var rows: UInt32

    /// A fetch of up to `rows` rows.
    public init(statementID: UInt32, rows: UInt32) {
        self.statementID = statementID
        self.rows = rows
    }

    /// Reads the payload, command byte included.
    public init(decoding payload: Span<UInt8>) throws(WireError) {
        var reader = ByteReader(payload, of: "COM_STMT_FETCH")
        try reader.expect(Command.fetch.rawValue, "the command byte 0x1C")
        statementID = try reader.uint32("the statement id")
        rows = try reader.uint32("the number of rows")
    }

    /// The payload, command byte included.
    public func encode() -> [UInt8] {
        var writer = PayloadWriter(Command.fetch.rawValue)
        writer.uint32(statementID)
        writer.uint32(rows)
        return writer.bytes
    }
}

/// The front of COM_STMT_BULK_EXECUTE (MariaDB), up to the first row.
///
/// Source: MariaDB knowledge base, "COM_STMT_BULK_EXECUTE".
public struct BulkExecuteHeader: Hashable, Sendable {
    /// The statement's number.
    public var statementID: UInt32
    /// How it is run.
    public var flags: Flags
    /// The parameters' types; empty where none are told.
    public var types: [ParameterType]

    /// How a bulk execution is run.
    public struct Flags: OptionSet, BitwiseCopyable, Hashable, Sendable {
        /// The flags.
        public var rawValue: UInt16

        /// The set with the given flags.
        public init(rawValue: UInt16) {
            self.rawValue = rawValue
        }

        /// Every row's AUTO_INCREMENT value is wanted.
        public static let returnGeneratedIDs = Self(rawValue: 64)
        /// The types are told.
        public static let sendsTypes = Self(rawValue: 128)
    }

    /// A header with the given fields.
    public init(statementID: UInt32, flags: Flags, types: [ParameterType]) {
        self.statementID = statementID
        self.flags = flags
        self.types = types
    }

    /// Reads the front of a payload, command byte included, of a statement with so many parameters.
    public init(decoding payload: Span<UInt8>, parameterCount: Int) throws(WireError) {
        var reader = ByteReader(payload, of: "COM_STMT_BULK_EXECUTE")
        try reader.expect(Command.bulkExecute.rawValue, "the command byte 0xFA")
        self.init(statementID: try reader.uint32("the statement id"), flags: [], types: [])
        flags = Flags(rawValue: try reader.uint16("the flags"))
        guard flags.contains(.sendsTypes) else { return }
        while types.count < parameterCount { types.append(try ParameterType(decoding: &reader)) }
    }

    /// The front of the payload; the rows follow.
    public func encode() -> [UInt8] {
        var writer = PayloadWriter(Command.bulkExecute.rawValue)
        writer.uint32(statementID)
        writer.uint16(flags.rawValue)
        if flags.contains(.sendsTypes) {
            for type in types { type.encode(into: &writer) }
        }
        return writer.bytes
    }
}
