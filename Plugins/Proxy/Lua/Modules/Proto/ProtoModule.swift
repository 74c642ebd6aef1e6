import LuaVM
import MySQLWire

extension LuaModule {
    /// `mysql.proto`: payloads to tables and back.
    static var proto: LuaModule {
        LuaModule(
            name: "mysql.proto", global: "proto",
            functions: [
                ("to_err_packet", Proto.toError), ("from_err_packet", Proto.fromError),
                ("to_ok_packet", Proto.toOK), ("from_ok_packet", Proto.fromOK),
                ("to_eof_packet", Proto.toEOF), ("from_eof_packet", Proto.fromEOF),
                ("to_challenge_packet", Proto.toChallenge), ("from_challenge_packet", Proto.fromChallenge),
                ("to_response_packet", Proto.toResponse), ("from_response_packet", Proto.fromResponse),
                ("to_masterinfo_string", Proto.toMasterInfo), ("from_masterinfo_string", Proto.fromMasterInfo),
                ("from_stmt_prepare_packet", Proto.fromPrepare),
                ("from_stmt_prepare_ok_packet", Proto.fromPrepareOK),
                ("from_stmt_execute_packet", Proto.fromExecute),
                ("stmt_id_from_stmt_execute_packet", Proto.statementOfExecute),
                ("from_stmt_close_packet", Proto.fromClose),
            ])
    }
}

/// The functions of `mysql.proto`. Those that read a packet want it at 1 and answer a table, those that build one want
/// a table at 1 and answer the payload; a field that is missing has the value that its comment names.
enum Proto {
    /// Reads the payload at 1 with one of the wire's decoders.
    static func decode<Packet>(
        _ function: String, _ frame: inout LuaFrame, _ decoder: (Span<UInt8>) throws(WireError) -> Packet
    ) throws(LuaError) -> Packet {
        let payload = try frame.bytesArgument(1, "proto.\(function)(packet): the packet")
        do {
            return try decoder(payload.span)
        } catch {
            throw LuaError("proto.\(function): \(error)")
        }
    }

    /// Pushes a payload as the answer.
    static func answer(_ payload: [UInt8], _ frame: inout LuaFrame) throws(LuaError) -> Int {
        try frame.push(payload)
        return 1
    }
}

/// Reads the fields of the table at 1 for a function that builds a packet.
struct ProtoFields {
    private let function: String

    init(_ function: String, _ frame: borrowing LuaFrame) throws(LuaError) {
        self.function = "proto.\(function)"
        guard frame.kind(at: 1) == .table else {
            throw LuaError("\(self.function) takes a table of the packet's fields, not \(frame.description(at: 1))")
        }
    }

    /// A number from 0 to `most`; nil where the field is missing.
    func number<Number: UnsignedInteger & FixedWidthInteger>(
        _ name: String, _ frame: inout LuaFrame, upTo most: Number = .max
    ) throws(LuaError) -> Number? {
        try frame.pushField(name, of: 1)
        defer { frame.pop() }
        let index = frame.count
        guard !frame.isNil(at: index) else { return nil }
        // What is above Lua's largest integer comes as a float.
        let float = frame.number(at: index).flatMap { Number(exactly: $0) }
        let number = frame.integer(at: index).map { Number(exactly: $0) } ?? float
        guard let number, number <= most else {
            throw LuaError(
                "\(function): \(name) must be an integer from 0 to \(most), not \(frame.description(at: index))")
        }
        return number
    }

    /// Whether the field is a number, or a text with an integer's digits.
    func isNumber(_ name: String, _ frame: inout LuaFrame) throws(LuaError) -> Bool {
        defer { frame.pop() }
        return try frame.pushField(name, of: 1) == .number || frame.integer(at: frame.count) != nil
    }

    /// A text; nil where the field is missing.
    func text(_ name: String, _ frame: inout LuaFrame) throws(LuaError) -> [UInt8]? {
        try frame.pushField(name, of: 1)
        defer { frame.pop() }
        guard !frame.isNil(at: frame.count) else { return nil }
        guard let bytes = try frame.chargedBytes(at: frame.count) else {
            throw LuaError("\(function): \(name) must be a string, not \(frame.description(at: frame.count))")
        }
        return bytes
    }

    /// A text without a byte that would end it in the packet; nil where the field is missing.
    func text(
        _ name: String, without end: UInt8, _ word: String, _ frame: inout LuaFrame
    ) throws(LuaError) -> [UInt8]? {
        let text = try text(name, &frame)
        guard text?.contains(end) != true else { throw error("\(name) contains \(word), which would end it early") }
        return text
    }

    /// An error that names the function.
    func error(_ what: String) -> LuaError { LuaError("\(function): \(what)") }
}
