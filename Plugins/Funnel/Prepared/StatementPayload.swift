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
    ///
    /// - Parameter start: where the payload begins.
    static func setID(_ id: UInt32, in bytes: inout [UInt8], at start: Int = 0) {
        guard bytes.count >= start + 5 else { return }
        for index in 0..<4 { bytes[start + 1 + index] = UInt8(truncatingIfNeeded: id >> UInt32(8 * index)) }
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

/// The parameters' types as an execution brings them.
enum SentTypes: Equatable {
    case noParameters
    case none
    /// They are in this part of the payload, two bytes each.
    case types(Range<Int>)
    /// Not all of them, or it can't be told whether they come.
    case malformed
    /// Not even the NULL bitmap is there.
    case tooShort
}

// COM_STMT_EXECUTE: header, NULL bitmap, a byte that says whether types follow, types, values.
extension StatementPayload {
    static func types(inExecute payload: [UInt8], parameters: Int) -> SentTypes {
        guard parameters > 0 else { return .noParameters }
        let place = executeHeader + (parameters + 7) / 8
        guard payload.count >= place else { return .tooShort }
        // Where the byte is missing MariaDB reads a 0.
        guard payload.count > place, payload[place] != 0 else { return .none }
        let end = place + 1 + 2 * parameters
        guard payload[place] == 1, payload.count >= end else { return .malformed }
        return .types(place + 1..<end)
    }

    /// Puts types into an execution that begins at `start` and has none.
    static func insert(_ types: [UInt8], inExecuteAt start: Int, of bytes: inout [UInt8], parameters: Int) {
        let place = start + executeHeader + (parameters + 7) / 8
        guard bytes.count >= place else { return }
        // Where the byte is missing that says whether types follow, it is a 0.
        if bytes.count == place { bytes.append(0) }
        bytes[place] = 1
        bytes.insert(contentsOf: types, at: place + 1)
    }
}

// COM_STMT_BULK_EXECUTE: header, types if a flag says so, rows.
extension StatementPayload {
    /// The flags' lower byte, which has BulkExecuteHeader.Flags.sendsTypes.
    private static let bulkFlags = 5
    private static let sendsTypes: UInt8 = 128

    static func types(inBulk payload: [UInt8], parameters: Int) -> SentTypes {
        guard parameters > 0 else { return .noParameters }
        guard payload.count >= bulkHeader, payload[bulkFlags] & sendsTypes != 0 else { return .none }
        let end = bulkHeader + 2 * parameters
        return payload.count >= end ? .types(bulkHeader..<end) : .malformed
    }

    /// Puts types into a bulk execution that begins at `start` and has none.
    static func insert(_ types: [UInt8], inBulkAt start: Int, of bytes: inout [UInt8]) {
        guard bytes.count >= start + bulkHeader else { return }
        bytes[start + bulkFlags] |= sendsTypes
        bytes.insert(contentsOf: types, at: start + bulkHeader)
    }
}
