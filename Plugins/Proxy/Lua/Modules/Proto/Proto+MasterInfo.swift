import LuaVM
import MySQLWire

// master.info, in which a replica of then kept where it reads from: a value a line, the first one the number of lines.
extension Proto {
    private enum Kind { case number, text }

    /// The lines behind the first.
    private static let masterInfo: [(name: String, kind: Kind)] = [
        ("master_log_file", .text), ("master_log_pos", .number), ("master_host", .text), ("master_user", .text),
        ("master_password", .text), ("master_port", .number), ("master_connect_retry", .number),
        ("master_ssl", .number), ("master_ssl_ca", .text), ("master_ssl_capath", .text), ("master_ssl_cert", .text),
        ("master_ssl_cipher", .text), ("master_ssl_key", .text), ("master_ssl_verify_server_cert", .number),
    ]

    /// The file of 5.0 has 14 lines; servers since 5.1 know master_ssl_verify_server_cert, and more that scripts don't.
    private static let lineCounts: ClosedRange<UInt64> = 14...99

    /// Missing: master_lines 15, numbers 0, texts empty. Lines above the fifteenth are empty.
    static func toMasterInfo(_ frame: inout LuaFrame) throws(LuaError) -> Int {
        let fields = try ProtoFields("to_masterinfo_string", frame)
        let count: UInt64 = try fields.number("master_lines", &frame) ?? 15
        guard lineCounts.contains(count) else {
            throw fields.error("master_lines must be from 14 to 99, not \(count)")
        }
        var lines = [Array(String(count).utf8)]
        for line in masterInfo.prefix(Int(count) - 1) {
            switch line.kind {
            case .number: lines.append(Array(String(try fields.number(line.name, &frame) ?? 0 as UInt64).utf8))
            case .text:
                lines.append(try fields.text(line.name, without: UInt8(ascii: "\n"), "a line feed", &frame) ?? [])
            }
        }
        while lines.count < Int(count) { lines.append([]) }
        return try answer(lines.flatMap { $0 + [UInt8(ascii: "\n")] }, &frame)
    }

    static func fromMasterInfo(_ frame: inout LuaFrame) throws(LuaError) -> Int {
        let function = "from_masterinfo_string"
        let text = try frame.bytesArgument(1, "proto.\(function)(text): the text")
        let lines = text.split(separator: UInt8(ascii: "\n"), maxSplits: 99, omittingEmptySubsequences: false)
        guard let first = lines.first, let count = number(first), lineCounts.contains(count) else {
            throw LuaError("proto.\(function): line 1 must be the number of lines, from 14 to 99")
        }
        try frame.pushTable(fields: 15)
        let table = frame.count
        try frame.put("master_lines", count, in: table)
        for (index, line) in masterInfo.prefix(Int(count) - 1).enumerated() {
            guard index + 1 < lines.count else {
                throw LuaError("proto.\(function): the text ends before line \(index + 2) (\(line.name))")
            }
            let value = lines[index + 1]
            guard line.kind == .number else {
                try frame.put(line.name, Array(value), in: table)
                continue
            }
            guard let number = number(value) else {
                throw LuaError("proto.\(function): line \(index + 2) (\(line.name)) must be a number")
            }
            try frame.put(line.name, number, in: table)
        }
        return 1
    }

    private static func number(_ line: ArraySlice<UInt8>) -> UInt64? {
        guard line.count <= 20, line.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return UInt64(String(decoding: line, as: UTF8.self))
    }
}
