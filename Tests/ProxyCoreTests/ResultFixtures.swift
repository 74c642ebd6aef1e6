import MySQLWire
import ProxyCore
import Testing

/// Server's answers for the scanner, recorded or built.
enum ResultFixtures {
    /// One recorded answer.
    struct Recording: Sendable, CustomTestStringConvertible {
        var name: String
        var command: Command
        var capabilities: Capabilities
        var packets: [Packet] = []

        var bytes: [UInt8] { packets.flatMap(\.bytes) }
        var lastSequence: UInt8 { (packets.first?.sequence ?? 1) &- 1 }
        var testDescription: String { "\(name) \(capabilities.contains(.deprecateEOF) ? "deprecated" : "classic")" }
    }

    /// A packet by its sequence id and payload.
    struct Packet: Sendable {
        var sequence: UInt8
        var payload: [UInt8]

        var bytes: [UInt8] {
            let length = payload.count
            return [UInt8(length & 0xFF), UInt8(length >> 8 & 0xFF), UInt8(length >> 16), sequence] + payload
        }
    }

    static let recordings = parse(classic) + parse(deprecatedEOF)

    static func recording(_ name: String, deprecatesEOF: Bool = false) throws -> Recording {
        try #require(
            recordings.first { $0.name == name && $0.capabilities.contains(.deprecateEOF) == deprecatesEOF })
    }

    static func parse(_ text: String) -> [Recording] {
        var found: [Recording] = []
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words[0] == "=" {
                found.append(
                    Recording(
                        name: String(words[1]), command: Command(rawValue: UInt8(words[2], radix: 16) ?? 0),
                        capabilities: Capabilities(rawValue: UInt64(words[3], radix: 16) ?? 0)))
            } else if words[0] == "." {
                let last = found[found.count - 1].packets.count - 1
                found[found.count - 1].packets[last].payload += hexadecimal(words[1])
            } else {
                let packet = Packet(sequence: UInt8(words[0]) ?? 0, payload: hexadecimal(words[1]))
                found[found.count - 1].packets.append(packet)
            }
        }
        return found
    }

    private static func hexadecimal(_ text: Substring) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = text
        while let byte = UInt8(rest.prefix(2), radix: 16) {
            bytes.append(byte)
            rest = rest.dropFirst(2)
        }
        return bytes
    }

    /// Packets with these payloads, numbered on from `first`.
    static func packets(from first: UInt8 = 1, _ payloads: [UInt8]...) -> [UInt8] {
        var sequence = first
        return payloads.flatMap { payload in
            defer { sequence &+= 1 }
            return Packet(sequence: sequence, payload: payload).bytes
        }
    }

    static func ok(status: UInt8 = 2, first: UInt8 = 0) -> [UInt8] { [first, 0, 0, status, 0, 0, 0] }
    static func eof(status: UInt8 = 2) -> [UInt8] { [0xFE, 0, 0, status, 0] }
    static let column: [UInt8] = [3, 0x64, 0x65, 0x66, 0, 0, 0, 1, 0x31, 0, 12, 63, 0, 1, 0, 0, 0, 3, 0x81, 0, 0, 0, 0]
    static let error: [UInt8] = [0xFF, 0x26, 0x05, 0x23, 0x37, 0x30, 0x31, 0x30, 0x30, 0x6E, 0x6F]
    static let progress: [UInt8] = [0xFF, 0xFF, 0xFF, 1, 1, 2, 0, 0, 0, 3, 0x61, 0x62, 0x63]
}
