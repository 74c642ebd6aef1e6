import LuaVM
import MySQLWire

/// What `proxy.response` says.
enum LuaResponse {
    case ok(OKPacket)
    case error(SQLError)
    case result(columns: [ColumnDefinition], rows: [[[UInt8]?]])
    case raw([[UInt8]])

    /// The payloads for a client with `capabilities`.
    ///
    /// - Parameter isBinary: whether the client has executed a prepared statement, which is answered with binary rows.
    /// - Throws: where a value doesn't fit its field's type.
    func payloads(
        status: StatusFlags, capabilities: Capabilities, isBinary: Bool = false
    ) throws(LuaError) -> [[UInt8]] {
        switch self {
        case .ok(var ok):
            ok.status = status
            return [ok.encode(capabilities: capabilities)]
        case .error(let error): return [error.encode()]
        case .raw(let packets): return packets
        case .result(let columns, let rows):
            let count = ResultHeader.columns(UInt64(columns.count), metadataFollows: true)
            var payloads = [count.encode(capabilities: capabilities)]
            payloads += columns.map { $0.encode(capabilities: capabilities) }
            let endsWithOK = capabilities.contains(.deprecateEOF)
            if !endsWithOK { payloads.append(EOFPacket(status: status).encode()) }
            for row in rows {
                payloads.append(isBinary ? try Self.binary(row, columns) : TextRow(values: row).encode())
            }
            let end = OKPacket(endsResult: true, status: status)
            payloads.append(
                endsWithOK ? end.encode(capabilities: capabilities) : EOFPacket(status: status).encode())
            return payloads
        }
    }

    private static func binary(_ row: [[UInt8]?], _ columns: [ColumnDefinition]) throws(LuaError) -> [UInt8] {
        do {
            var values: [BinaryValue] = []
            for (value, column) in zip(row, columns) {
                values.append(try BinaryValue(text: value, column: column))
            }
            return try BinaryRow(values: values).encode(columns: columns)
        } catch {
            throw LuaError("proxy.response.resultset.rows: \(error); the field's type decides for a prepared statement")
        }
    }
}

extension LuaFrame {
    /// Reads `proxy.response` from a session's own table.
    mutating func response(of scope: LuaSession) throws(LuaError) -> LuaResponse {
        try push(scope.lua.own)
        guard try pushField("response", of: count) == .table else {
            throw LuaError(
                "proxy.response is \(description(at: count)): make it a table, as "
                    + "proxy.response = { type = proxy.MYSQLD_PACKET_OK }")
        }
        let response = count
        try pushField("type", of: response)
        switch integer(at: count) {
        case 0: return try okResponse(response, ResponseRoom(scope))
        case 250: return .raw(try rawPackets(response, ResponseRoom(scope)))
        case 255: return .error(try errorResponse(response))
        default:
            throw LuaError(
                "proxy.response.type is \(description(at: count)): set it to proxy.MYSQLD_PACKET_OK, "
                    + "proxy.MYSQLD_PACKET_ERR or proxy.MYSQLD_PACKET_RAW")
        }
    }

    private mutating func okResponse(_ response: Int, _ room: ResponseRoom) throws(LuaError) -> LuaResponse {
        switch try pushField("resultset", of: response) {
        case .table: return try resultset(count, room)
        case .nil: break
        default: throw LuaError("proxy.response.resultset must be a table with fields and rows")
        }
        return .ok(
            OKPacket(
                affectedRows: try unsigned("affected_rows", of: response) ?? 0,
                lastInsertID: try unsigned("insert_id", of: response) ?? 0))
    }

    private mutating func errorResponse(_ response: Int) throws(LuaError) -> SQLError {
        try pushField("errmsg", of: response)
        let message = string(at: count) ?? "(lua) proxy.response.errmsg is nil"
        let code = try unsigned("errcode", of: response) ?? 1105
        try pushField("sqlstate", of: response)
        guard let errorCode = UInt16(exactly: code), errorCode != 0xFFFF else {
            throw LuaError("proxy.response.errcode is \(code): error numbers go from 0 to 65534")
        }
        return SQLError(code: errorCode, state: string(at: count) ?? "07000", message: message)
    }

    private mutating func unsigned(_ name: String, of table: Int) throws(LuaError) -> UInt64? {
        try pushField(name, of: table)
        defer { pop() }
        guard !isNil(at: count) else { return nil }
        guard let value = integer(at: count), value >= 0 else {
            throw LuaError("proxy.response.\(name) must be an integer from 0, not \(description(at: count))")
        }
        return UInt64(value)
    }

    private mutating func rawPackets(_ response: Int, _ room: ResponseRoom) throws(LuaError) -> [[UInt8]] {
        guard try pushField("packets", of: response) == .table else {
            throw LuaError("proxy.response.packets must be a table of strings, one a packet")
        }
        let table = count
        var packets: [[UInt8]] = []
        var room = room
        while try pushElement(packets.count + 1, of: table) != .nil {
            guard let packet = bytes(at: count) else {
                throw LuaError("proxy.response.packets[\(packets.count + 1)] must be a string")
            }
            try room.take(packet.count + 24)
            packets.append(packet)
            pop()
        }
        guard !packets.isEmpty else {
            throw LuaError("proxy.response.packets is empty: the client would wait for ever")
        }
        return packets
    }
}

/// What a response may still have, in bytes and in values, each of which takes the loop's time to read.
struct ResponseRoom {
    private let limit: Int
    private var bytes: Int
    private var values: Int

    init(_ scope: LuaSession) {
        limit = scope.byteLimit
        bytes = scope.byteLimit
        values = scope.valueLimit
    }

    /// Takes one value of so many bytes.
    mutating func take(_ size: Int) throws(LuaError) {
        bytes -= size
        values -= 1
        guard bytes >= 0 else {
            throw LuaError("proxy.response is larger than \(limit) bytes; answer less, or raise --proxy-lua-max-memory")
        }
        guard values >= 0 else {
            throw LuaError("proxy.response has too many values; answer less, or raise --proxy-lua-max-instructions")
        }
    }
}
