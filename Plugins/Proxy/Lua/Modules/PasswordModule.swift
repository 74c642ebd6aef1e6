import LuaVM
import MySQLWire

extension LuaModule {
    /// `mysql.password`: the arithmetic of mysql_native_password.
    static var password: LuaModule {
        LuaModule(
            name: "mysql.password", global: "password",
            functions: [
                ("hash", PasswordModule.hash), ("scramble", PasswordModule.scramble),
                ("unscramble", PasswordModule.unscramble), ("check", PasswordModule.check),
            ])
    }
}

private enum PasswordModule {
    typealias Native = NativePassword<OpenSSLHash>

    /// What one hash of a short text takes, in instructions.
    static let price: Int64 = 200

    /// hash(s): SHA1(s), binary.
    static func hash(_ frame: inout LuaFrame) throws(LuaError) -> Int {
        let text = try frame.bytesArgument(1, "password.hash(s): s")
        try frame.charge(price + Int64(text.count / 8))
        try frame.push(OpenSSLHash.sha1(text))
        return 1
    }

    /// scramble(challenge, hash): the answer to a challenge.
    static func scramble(_ frame: inout LuaFrame) throws(LuaError) -> Int {
        let function = "password.scramble(challenge, hash)"
        let challenge = try challenge(&frame, function)
        let hash = try twentyBytes(2, &frame, function, "hash")
        try frame.charge(price * 2)
        try frame.push(Native.response(hash: hash, scramble: challenge))
        return 1
    }

    /// unscramble(challenge, response, double_hash): the hash behind a right answer.
    static func unscramble(_ frame: inout LuaFrame) throws(LuaError) -> Int {
        let function = "password.unscramble(challenge, response, double_hash)"
        let challenge = try challenge(&frame, function)
        let response = try twentyBytes(2, &frame, function, "response")
        let stored = try twentyBytes(3, &frame, function, "double_hash")
        try frame.charge(price)
        try frame.push(Native.hash(response: response, scramble: challenge, stored: stored))
        return 1
    }

    /// check(challenge, response, double_hash): whether the answer is right.
    static func check(_ frame: inout LuaFrame) throws(LuaError) -> Int {
        let function = "password.check(challenge, response, double_hash)"
        let challenge = try challenge(&frame, function)
        // A client's answer of another length is a wrong answer, not the script's mistake.
        let response = try frame.bytesArgument(2, "\(function): the response")
        let stored = try twentyBytes(3, &frame, function, "double_hash")
        try frame.charge(price * 2)
        try frame.push(Native.check(response: response, scramble: challenge, stored: stored))
        return 1
    }

    /// The challenge at 1, of 20 bytes; the NUL that greetings put behind it is tolerated.
    private static func challenge(_ frame: inout LuaFrame, _ function: String) throws(LuaError) -> [UInt8] {
        let bytes = try frame.bytesArgument(1, "\(function): the challenge")
        guard bytes.count == 20 || bytes.count == 21 else {
            throw LuaError("\(function): the challenge must have 20 bytes, not \(bytes.count)")
        }
        return Array(bytes.prefix(20))
    }

    private static func twentyBytes(
        _ index: Int, _ frame: inout LuaFrame, _ function: String, _ name: String
    ) throws(LuaError) -> [UInt8] {
        let bytes = try frame.bytesArgument(index, "\(function): the \(name)")
        guard bytes.count == 20 else {
            throw LuaError("\(function): the \(name) must have 20 bytes, as SHA-1 makes them, not \(bytes.count)")
        }
        return bytes
    }
}
