import LuaVM
import MySQLWire

// ERR, OK and EOF.
extension Proto {
    /// Missing: errcode 1105, sqlstate "07000", as in proxy.response; errmsg "".
    static func toError(_ frame: inout LuaFrame) throws(LuaError) -> Int {
        let fields = try ProtoFields("to_err_packet", frame)
        let code: UInt16 = try fields.number("errcode", &frame, upTo: 0xFFFE) ?? 1105
        let state = try fields.text("sqlstate", &frame) ?? Array("07000".utf8)
        guard state.count == 5, state.allSatisfy({ $0 < 0x80 }) else {
            throw fields.error("sqlstate must be five ASCII characters, as \"42000\"")
        }
        var packet = ErrorPacket(code: code, state: String(decoding: state, as: UTF8.self), message: "")
        packet.messageBytes = try fields.text("errmsg", &frame) ?? []
        return try answer(packet.encode(), &frame)
    }

    static func fromError(_ frame: inout LuaFrame) throws(LuaError) -> Int {
        let packet = try decode("from_err_packet", &frame) { payload throws(WireError) in
            try ErrorPacket(decoding: payload)
        }
        try frame.pushTable(fields: 3)
        let table = frame.count
        try frame.put("errmsg", packet.messageBytes, in: table)
        try frame.put("sqlstate", Array((packet.state ?? "").utf8), in: table)
        try frame.put("errcode", packet.code, in: table)
        return 1
    }

    /// Missing: 0.
    static func toOK(_ frame: inout LuaFrame) throws(LuaError) -> Int {
        let fields = try ProtoFields("to_ok_packet", frame)
        let packet = OKPacket(
            affectedRows: try fields.number("affected_rows", &frame) ?? 0,
            lastInsertID: try fields.number("insert_id", &frame) ?? 0,
            status: StatusFlags(rawValue: try fields.number("server_status", &frame) ?? 0),
            warnings: try fields.number("warnings", &frame) ?? 0)
        return try answer(packet.encode(capabilities: .protocol41), &frame)
    }

    static func fromOK(_ frame: inout LuaFrame) throws(LuaError) -> Int {
        let packet = try decode("from_ok_packet", &frame) { payload throws(WireError) in
            try OKPacket(decoding: payload, capabilities: .protocol41)
        }
        try frame.pushTable(fields: 4)
        let table = frame.count
        try frame.put("server_status", packet.status.rawValue, in: table)
        try frame.put("insert_id", packet.lastInsertID, in: table)
        try frame.put("warnings", packet.warnings, in: table)
        try frame.put("affected_rows", packet.affectedRows, in: table)
        return 1
    }

    /// Missing: 0.
    static func toEOF(_ frame: inout LuaFrame) throws(LuaError) -> Int {
        let fields = try ProtoFields("to_eof_packet", frame)
        let packet = EOFPacket(
            warnings: try fields.number("warnings", &frame) ?? 0,
            status: StatusFlags(rawValue: try fields.number("server_status", &frame) ?? 0))
        return try answer(packet.encode(), &frame)
    }

    static func fromEOF(_ frame: inout LuaFrame) throws(LuaError) -> Int {
        let packet = try decode("from_eof_packet", &frame) { payload throws(WireError) in
            try EOFPacket(decoding: payload)
        }
        try frame.pushTable(fields: 2)
        let table = frame.count
        try frame.put("server_status", packet.status.rawValue, in: table)
        try frame.put("warnings", packet.warnings, in: table)
        return 1
    }
}
