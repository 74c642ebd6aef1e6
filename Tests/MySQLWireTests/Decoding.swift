import MySQLWire

// The decoders on arrays: a span of a temporary value can't be taken inside of a macro's argument.

extension Greeting {
    init(decoding payload: [UInt8]) throws(WireError) {
        try self.init(decoding: payload.span)
    }
}

extension ServerOpening {
    init(decoding payload: [UInt8]) throws(WireError) {
        try self.init(decoding: payload.span)
    }
}

extension LoginRequest {
    init(decoding payload: [UInt8]) throws(WireError) {
        try self.init(decoding: payload.span)
    }
}

extension SSLRequest {
    init(decoding payload: [UInt8]) throws(WireError) {
        try self.init(decoding: payload.span)
    }

    static func matches(_ payload: [UInt8]) -> Bool { matches(payload.span) }
}

extension AuthSwitchRequest {
    init(decoding payload: [UInt8]) throws(WireError) {
        try self.init(decoding: payload.span)
    }
}

extension AuthMoreData {
    init(decoding payload: [UInt8]) throws(WireError) {
        try self.init(decoding: payload.span)
    }
}

extension ErrorPacket {
    init(decoding payload: [UInt8]) throws(WireError) {
        try self.init(decoding: payload.span)
    }
}

extension ProgressReport {
    init(decoding payload: [UInt8]) throws(WireError) {
        try self.init(decoding: payload.span)
    }

    static func matches(_ payload: [UInt8]) -> Bool { matches(payload.span) }
}

extension EOFPacket {
    init(decoding payload: [UInt8]) throws(WireError) {
        try self.init(decoding: payload.span)
    }

    static func matches(_ payload: [UInt8]) -> Bool { matches(payload.span) }
}

extension PreparedStatementOK {
    init(decoding payload: [UInt8]) throws(WireError) {
        try self.init(decoding: payload.span)
    }
}

extension LongDataCommand {
    init(decoding payload: [UInt8]) throws(WireError) {
        try self.init(decoding: payload.span)
    }
}

extension FetchCommand {
    init(decoding payload: [UInt8]) throws(WireError) {
        try self.init(decoding: payload.span)
    }
}

extension SetOptionCommand {
    init(decoding payload: [UInt8]) throws(WireError) {
        try self.init(decoding: payload.span)
    }
}

extension FieldListCommand {
    init(decoding payload: [UInt8]) throws(WireError) {
        try self.init(decoding: payload.span)
    }
}

extension ChangeUserRequest {
    init(decoding payload: [UInt8], capabilities: Capabilities) throws(WireError) {
        try self.init(decoding: payload.span, capabilities: capabilities)
    }
}

extension OKPacket {
    init(decoding payload: [UInt8], capabilities: Capabilities) throws(WireError) {
        try self.init(decoding: payload.span, capabilities: capabilities)
    }
}

extension ResultHeader {
    init(decoding payload: [UInt8], capabilities: Capabilities) throws(WireError) {
        try self.init(decoding: payload.span, capabilities: capabilities)
    }
}

extension ColumnDefinition {
    init(decoding payload: [UInt8], capabilities: Capabilities) throws(WireError) {
        try self.init(decoding: payload.span, capabilities: capabilities)
    }
}

extension QueryCommand {
    init(decoding payload: [UInt8], capabilities: Capabilities) throws(WireError) {
        try self.init(decoding: payload.span, capabilities: capabilities)
    }
}

extension TextRow {
    init(decoding payload: [UInt8], columns: Int) throws(WireError) {
        try self.init(decoding: payload.span, columns: columns)
    }
}

extension BinaryRow {
    init(decoding payload: [UInt8], columns: [ColumnDefinition]) throws(WireError) {
        try self.init(decoding: payload.span, columns: columns)
    }
}

extension ExecuteCommand {
    init(decoding payload: [UInt8], context: ExecuteCommand.Context, capabilities: Capabilities) throws(WireError) {
        try self.init(decoding: payload.span, context: context, capabilities: capabilities)
    }

    static func statementID(in payload: [UInt8]) throws(WireError) -> UInt32 { try statementID(in: payload.span) }
}

extension BulkExecuteHeader {
    init(decoding payload: [UInt8], parameterCount: Int) throws(WireError) {
        try self.init(decoding: payload.span, parameterCount: parameterCount)
    }
}

extension Command {
    func decodeText(_ payload: [UInt8]) throws(WireError) -> [UInt8] { try decodeText(payload.span) }
    func decodeNumber(_ payload: [UInt8]) throws(WireError) -> UInt32 { try decodeNumber(payload.span) }
}

extension PacketJoiner {
    mutating func next(in bytes: [UInt8], from offset: inout Int) throws(WireError) -> Joined? {
        try next(in: bytes.span, from: &offset)
    }
}
