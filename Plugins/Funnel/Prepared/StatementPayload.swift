import MySQLWire

/// The payloads of statement commands, whole and with the command byte in front; wherever they are too short, nil.
enum StatementPayload {
    /// Where COM_STMT_EXECUTE's parameters begin: command, id, flags and iteration count.
    static let executeHeader = 10
    /// Where COM_STMT_BULK_EXECUTE's types or rows begin: command, id, flags.
    static let bulkHeader = 7
    /// Where COM_STMT_SEND_LONG_DATA's bytes begin: command, id, parameter.
    static let longDataHeader = 7
    /// COM_STMT_FETCH: command, id, rows.
    static let fetchSize = 9

    static func id(in payload: [UInt8]) -> UInt32? {
        guard payload.count >= 5 else { return nil }
        return payload[1..<5].reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// The payload with another id, which stands in the same place in all commands and in the OK of COM_STMT_PREPARE.
    static func setID(_ id: UInt32, in payload: inout [UInt8]) {
        guard payload.count >= 5 else { return }
        for index in 0..<4 { payload[1 + index] = UInt8(truncatingIfNeeded: id >> UInt32(8 * index)) }
    }

    static func withID(_ id: UInt32, _ payload: [UInt8]) -> [UInt8] {
        var copy = payload
        setID(id, in: &copy)
        return copy
    }

    /// The parameter of COM_STMT_SEND_LONG_DATA, from 0.
    static func longDataParameter(in payload: [UInt8]) -> Int? {
        guard payload.count >= longDataHeader else { return nil }
        return Int(payload[5]) | Int(payload[6]) << 8
    }
}

// COM_STMT_EXECUTE: header, NULL bitmap, a byte that says whether types follow, types, values.
extension StatementPayload {
    /// The types that an execution brings; nil where it brings none, or not all of them.
    static func types(inExecute payload: [UInt8], parameters: Int) -> [UInt8]? {
        let place = executeHeader + (parameters + 7) / 8
        guard parameters > 0, payload.count >= place + 1 + 2 * parameters, payload[place] == 1 else { return nil }
        return Array(payload[place + 1..<place + 1 + 2 * parameters])
    }

    /// The execution with types in it, if it has none.
    ///
    /// What is too short for its NULL bitmap stays as it is: the server refuses it. Where only the byte behind the
    /// bitmap is missing MariaDB reads it as 0.
    static func addTypes(_ types: [UInt8], toExecute payload: inout [UInt8], parameters: Int) {
        let place = executeHeader + (parameters + 7) / 8
        guard parameters > 0, payload.count >= place else { return }
        if payload.count == place { payload.append(0) }
        guard payload[place] == 0 else { return }
        payload[place] = 1
        payload.insert(contentsOf: types, at: place + 1)
    }
}

// COM_STMT_BULK_EXECUTE: header, types if a flag says so, rows.
extension StatementPayload {
    /// The flags' lower byte, which has BulkExecuteHeader.Flags.sendsTypes.
    private static let bulkFlags = 5
    private static let sendsTypes: UInt8 = 128

    static func types(inBulk payload: [UInt8], parameters: Int) -> [UInt8]? {
        let end = bulkHeader + 2 * parameters
        guard parameters > 0, payload.count >= end, payload[bulkFlags] & sendsTypes != 0 else { return nil }
        return Array(payload[bulkHeader..<end])
    }

    static func addTypes(_ types: [UInt8], toBulk payload: inout [UInt8]) {
        guard payload.count >= bulkHeader, payload[bulkFlags] & sendsTypes == 0 else { return }
        payload[bulkFlags] |= sendsTypes
        payload.insert(contentsOf: types, at: bulkHeader)
    }
}
