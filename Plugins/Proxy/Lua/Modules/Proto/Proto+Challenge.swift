import LuaVM
import MySQLWire

// The server's greeting.
extension Proto {
    /// Missing: server_version "5.0.99", thread_id 0, capabilities PROTOCOL_41 and SECURE_CONNECTION, charset 0,
    /// server_status 0, challenge "01234567890123456789", auth_plugin_name "".
    ///
    /// More than mysql-proxy's: server_version may be a text, and auth_plugin_name is written where the capabilities
    /// have PLUGIN_AUTH, which would promise a name that isn't there otherwise.
    static func toChallenge(_ frame: inout LuaFrame) throws(LuaError) -> Int {
        let fields = try ProtoFields("to_challenge_packet", frame)
        guard try (fields.number("protocol_version", &frame) ?? 10) as UInt64 == 10 else {
            throw fields.error("protocol_version must be 10: clients of today know no other")
        }
        let method = try fields.text("auth_plugin_name", without: 0, "a NUL", &frame) ?? []
        var greeting = Greeting(
            serverVersion: try version(fields, &frame),
            connectionID: try fields.number("thread_id", &frame) ?? 0, scramble: [],
            capabilities: [.protocol41, .secureConnection],
            collation: try fields.number("charset", &frame) ?? 0,
            status: StatusFlags(rawValue: try fields.number("server_status", &frame) ?? 0),
            authMethod: String(decoding: method, as: UTF8.self))
        if let flags: UInt64 = try fields.number("capabilities", &frame) {
            greeting.capabilities = Capabilities(rawValue: flags)
        }
        greeting.scramble = try challenge(fields, greeting.capabilities, &frame)
        return try answer(greeting.encode(), &frame)
    }

    static func fromChallenge(_ frame: inout LuaFrame) throws(LuaError) -> Int {
        let greeting = try decode("from_challenge_packet", &frame) { payload throws(WireError) in
            try Greeting(decoding: payload)
        }
        try frame.pushTable(fields: 8)
        let table = frame.count
        try frame.put("protocol_version", 10, in: table)
        try frame.put("server_version", greeting.serverVersionNumber.number, in: table)
        try frame.put("thread_id", greeting.connectionID, in: table)
        try frame.put("capabilities", greeting.capabilities.rawValue, in: table)
        try frame.put("charset", greeting.collation, in: table)
        try frame.put("server_status", greeting.status.rawValue, in: table)
        try frame.put("challenge", greeting.scramble, in: table)
        try frame.put("auth_plugin_name", Array(greeting.authMethod.utf8), in: table)
        return 1
    }

    /// 50034 is "5.00.34", as mysql-proxy writes it; a text that is no integer is taken as it is.
    private static func version(_ fields: ProtoFields, _ frame: inout LuaFrame) throws(LuaError) -> String {
        guard try fields.isNumber("server_version", &frame) else {
            let text = try fields.text("server_version", without: 0, "a NUL", &frame)
            return text.map { String(decoding: $0, as: UTF8.self) } ?? "5.0.99"
        }
        let number: UInt32 = try fields.number("server_version", &frame, upTo: 999_999) ?? 0
        return "\(number / 10_000).\(digits(number / 100 % 100, 2)).\(digits(number % 100, 2))"
    }

    /// 20 bytes, where 21 with a closing NUL are tolerated; 8 without SECURE_CONNECTION, which leaves no room for more.
    private static func challenge(
        _ fields: ProtoFields, _ capabilities: Capabilities, _ frame: inout LuaFrame
    ) throws(LuaError) -> [UInt8] {
        var bytes = try fields.text("challenge", &frame) ?? Array("01234567890123456789".utf8)
        if bytes.count == 21, bytes.last == 0 { bytes.removeLast() }
        let isShort = bytes.count == 8 && !capabilities.contains(.secureConnection)
        guard bytes.count == 20 || isShort else {
            throw fields.error("challenge must have 20 bytes, not \(bytes.count)")
        }
        return bytes
    }

    /// A number with zeros in front, so that it has so many digits.
    static func digits(_ number: some FixedWidthInteger, _ width: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
    }
}

extension ServerVersion {
    /// The version as scripts have it: 8.0.36 is 80036.
    var number: Int { (major &* 10_000) &+ (minor &* 100) &+ patch }
}
