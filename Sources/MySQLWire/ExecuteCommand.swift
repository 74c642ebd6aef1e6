/// COM_STMT_EXECUTE: runs a prepared statement.
///
/// Source: MySQL protocol, "COM_STMT_EXECUTE".
public struct ExecuteCommand: Hashable, Sendable {
    /// The statement's number.
    public var statementID: UInt32
    /// The cursor that is asked for, and whether the number of parameters is told.
    public var flags: Flags
    /// How often the statement is run; 1 with every client.
    public var iterationCount: UInt32 = 1
    /// The parameters; behind the statement's own ones come query attributes.
    public var parameters: [BinaryParameter]
    /// Whether the parameters' types are told; false repeats those of the execution before.
    public var bindsTypes: Bool

    /// The statement number that means "the one prepared last" (MariaDB).
    public static let lastPrepared: UInt32 = 0xFFFF_FFFF

    /// How the statement is run.
    public struct Flags: OptionSet, BitwiseCopyable, Hashable, Sendable {
        /// The flags.
        public var rawValue: UInt8

        /// The set with the given flags.
        public init(rawValue: UInt8) {
            self.rawValue = rawValue
        }

        /// CURSOR_TYPE_READ_ONLY: rows wait for COM_STMT_FETCH.
        public static let readOnlyCursor = Self(rawValue: 1)
        /// CURSOR_TYPE_FOR_UPDATE.
        public static let cursorForUpdate = Self(rawValue: 2)
        /// CURSOR_TYPE_SCROLLABLE.
        public static let scrollableCursor = Self(rawValue: 4)
        /// PARAMETER_COUNT_AVAILABLE: the number of parameters is told, also where it is 0.
        public static let parameterCountAvailable = Self(rawValue: 8)
    }

    /// What the server must remember of a statement to read its executions.
    public struct Context: Hashable, Sendable {
        /// The statement's parameters.
        public var parameterCount: Int
        /// The types of the execution before; empty before the first.
        public var types: [ParameterType]
        /// The parameters that COM_STMT_SEND_LONG_DATA has sent, from 0.
        public var longData: Set<Int>

        /// A statement's memory.
        public init(parameterCount: Int, types: [ParameterType] = [], longData: Set<Int> = []) {
            self.parameterCount = parameterCount
            self.types = types
            self.longData = longData
        }
    }

    /// An execution with the given parameters.
    public init(statementID: UInt32, flags: Flags = [], parameters: [BinaryParameter] = [], bindsTypes: Bool = true) {
        self.statementID = statementID
        self.flags = flags
        self.parameters = parameters
        self.bindsTypes = bindsTypes
    }

    /// The statement's number in a payload, without the rest.
    public static func statementID(in payload: Span<UInt8>) throws(WireError) -> UInt32 {
        var reader = ByteReader(payload, of: "statement command")
        try reader.skip(1, "a command byte")
        return try reader.uint32("the statement id")
    }

    /// Reads the payload, command byte included, of a client with `capabilities`.
    public init(
        decoding payload: Span<UInt8>, context: Context, capabilities: Capabilities
    ) throws(WireError) {
        var reader = ByteReader(payload, of: "COM_STMT_EXECUTE")
        try reader.expect(Command.execute.rawValue, "the command byte 0x17")
        self.init(statementID: try reader.uint32("the statement id"))
        flags = Flags(rawValue: try reader.uint8("the flags"))
        iterationCount = try reader.uint32("the iteration count")
        var count = context.parameterCount
        if tellsCount(statementParameters: count, capabilities) {
            count = try Self.decodeCount(&reader, atLeast: count)
        }
        guard count > 0 else { return }
        let block = try ParameterBlock(
            decoding: &reader, count: count, named: capabilities.contains(.queryAttributes), types: context.types,
            longData: context.longData)
        parameters = block.parameters
        bindsTypes = block.bindsTypes
    }

    /// The payload, command byte included, for a server that was logged in to with `capabilities`.
    ///
    /// - Throws: where a value isn't of its type.
    public func encode(capabilities: Capabilities = []) throws(WireError) -> [UInt8] {
        var writer = PayloadWriter(Command.execute.rawValue)
        writer.uint32(statementID)
        writer.uint8(flags.rawValue)
        writer.uint32(iterationCount)
        if tellsCount(statementParameters: parameters.count, capabilities) {
            writer.lengthEncoded(UInt64(parameters.count))
        }
        if !parameters.isEmpty {
            let block = ParameterBlock(parameters, bindsTypes: bindsTypes)
            try block.encode(into: &writer, named: capabilities.contains(.queryAttributes))
        }
        return writer.bytes
    }

    private func tellsCount(statementParameters: Int, _ capabilities: Capabilities) -> Bool {
        capabilities.contains(.queryAttributes)
            && (statementParameters > 0 || flags.contains(.parameterCountAvailable))
    }

    @_lifetime(reader: copy reader)
    private static func decodeCount(_ reader: inout ByteReader, atLeast least: Int) throws(WireError) -> Int {
        let what = "the number of parameters, \(least) to 65535"
        let count = try reader.lengthEncoded(what)
        guard count <= 0xFFFF, Int(count) >= least else { throw reader.error(expecting: what) }
        return Int(count)
    }
}
