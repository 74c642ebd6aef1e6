import LuaVM
import MySQLWire

// The client's login.
extension Proto {
    /// The flags whose fields a client writes only where the server knows them, whatever it asks for.
    private static let fieldFlags: Capabilities = [
        .connectWithSchema, .pluginAuth, .connectAttributes, .pluginAuthLengthEncoded, .zstdCompression,
    ]

    /// Missing: capabilities PROTOCOL_41 and SECURE_CONNECTION, max_packet_size 16 MiB, charset 8 (latin1), and empty
    /// texts. Without server_capabilities, which mysql-proxy required, the server is taken to know all of
    /// capabilities; with them, what it doesn't know is left out. database and auth_plugin_name set their flags.
    static func toResponse(_ frame: inout LuaFrame) throws(LuaError) -> Int {
        let fields = try ProtoFields("to_response_packet", frame)
        let asked: UInt64? = try fields.number("capabilities", &frame)
        let known: UInt64? = try fields.number("server_capabilities", &frame)
        var login = LoginRequest(
            capabilities: asked.map(Capabilities.init) ?? [.protocol41, .secureConnection],
            maximumPacketSize: try fields.number("max_packet_size", &frame) ?? 0x100_0000,
            collation: try fields.number("charset", &frame) ?? 8, user: "",
            authResponse: try fields.text("response", &frame) ?? [])
        login.userBytes = try fields.text("username", without: 0, "a NUL", &frame) ?? []
        login.schemaBytes = try fields.text("database", without: 0, "a NUL", &frame)
        login.authMethod = try fields.text("auth_plugin_name", without: 0, "a NUL", &frame)
            .map { String(decoding: $0, as: UTF8.self) }
        try agree(&login, known.map(Capabilities.init), fields)
        return try answer(login.encode(), &frame)
    }

    /// Settles the flags, and what they leave no room for.
    private static func agree(
        _ login: inout LoginRequest, _ known: Capabilities?, _ fields: ProtoFields
    ) throws(LuaError) {
        if login.schemaBytes?.isEmpty == false { login.capabilities.insert(.connectWithSchema) }
        if login.authMethod?.isEmpty == false { login.capabilities.insert(.pluginAuth) }
        if let known { login.capabilities.formIntersection(known) }
        guard login.capabilities.contains(.protocol41) else {
            throw fields.error("capabilities must have PROTOCOL_41 (512): logins before MySQL 4.1 can't be built")
        }
        guard !login.capabilities.contains(.ssl) else {
            throw fields.error("capabilities have SSL (2048), which a login inside this packet can't begin")
        }
        if login.capabilities.contains(.pluginAuthLengthEncoded) { return }
        if login.capabilities.contains(.secureConnection) {
            guard login.authResponse.count <= 255 else {
                throw fields.error(
                    "response has \(login.authResponse.count) bytes: above 255, capabilities must have "
                        + "PLUGIN_AUTH_LENENC_CLIENT_DATA (2097152)")
            }
        } else if login.authResponse.contains(0) {
            throw fields.error("response contains a NUL: capabilities must have SECURE_CONNECTION (32768)")
        }
    }

    /// The second argument, server_capabilities, tells which fields a client of then has written; without it those that
    /// the packet's own flags promise are read as far as they are there.
    static func fromResponse(_ frame: inout LuaFrame) throws(LuaError) -> Int {
        let function = "from_response_packet"
        var known: Capabilities?
        if !frame.isNil(at: 2) {
            known = Capabilities(
                rawValue: UInt64(
                    try frame.integerArgument(
                        2, "proto.\(function)(packet, server_capabilities): server_capabilities", in: 0...Int64.max)))
        }
        let login = try decode(function, &frame) { payload throws(WireError) in
            guard let known else { return try LoginRequest(decoding: payload) }
            return try decodeLogin(payload, known)
        }
        return try push(login, &frame)
    }

    private static func decodeLogin(
        _ payload: Span<UInt8>, _ known: Capabilities
    ) throws(WireError) -> LoginRequest {
        guard payload.count >= 4 else { return try LoginRequest(decoding: payload) }
        var masked = payload.withUnsafeBufferPointer { Array($0) }
        let removed = fieldFlags.subtracting(known).rawValue
        var asked: UInt64 = 0
        for index in 0..<4 {
            let shift = UInt64(8 * index)
            asked |= UInt64(masked[index]) << shift
            masked[index] &= ~UInt8(truncatingIfNeeded: removed >> shift)
        }
        var login = try LoginRequest(decoding: masked.span)
        login.capabilities.rawValue = (login.capabilities.rawValue & ~0xFFFF_FFFF) | asked
        return login
    }

    private static func push(_ login: LoginRequest, _ frame: inout LuaFrame) throws(LuaError) -> Int {
        try frame.pushTable(fields: 7)
        let table = frame.count
        try frame.put("capabilities", login.capabilities.rawValue, in: table)
        try frame.put("max_packet_size", login.maximumPacketSize, in: table)
        try frame.put("charset", login.collation, in: table)
        try frame.put("username", login.userBytes, in: table)
        try frame.put("response", login.authResponse, in: table)
        try frame.put("auth_plugin_name", Array((login.authMethod ?? "").utf8), in: table)
        try frame.put("database", login.schemaBytes ?? [], in: table)
        return 1
    }
}
