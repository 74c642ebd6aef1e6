import MySQLWire
import Testing

/// Answers to COM_QUERY, recorded on connections that negotiated different things.
enum CacheRecordings {
    struct Recording: Sendable, CustomTestStringConvertible {
        var name: String
        var capabilities: Capabilities
        var bytes: [UInt8] = []

        var testDescription: String { "\(name) \(capabilities.contains(.deprecateEOF) ? "deprecated" : "classic")" }
        /// The status flags of the last packet, an EOF or an OK without changes of the session.
        var endStatus: StatusFlags {
            let at = bytes.count - (capabilities.contains(.deprecateEOF) ? 4 : 2)
            return StatusFlags(rawValue: UInt16(bytes[at]) | UInt16(bytes[at + 1]) << 8)
        }
    }

    static let all = [backend, classic, deprecated].map(parse)
    static let keepable = ["one", "rows", "types", "none"]

    static func recording(_ name: String, _ profile: Int = 0) throws -> Recording {
        try #require(all[profile].first { $0.name == name })
    }

    private static func parse(_ text: String) -> [Recording] {
        var found: [Recording] = []
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words[0] == "=" {
                let capabilities = Capabilities(rawValue: UInt64(words[3], radix: 16) ?? 0)
                found.append(Recording(name: String(words[1]), capabilities: capabilities))
            } else {
                let payload = hexadecimal(words[1])
                let header: [UInt8] = [UInt8(payload.count), 0, 0, UInt8(words[0]) ?? 0]
                found[found.count - 1].bytes += header + payload
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
}

extension [UInt8] {
    /// The packets' sequence ids and payloads.
    var packets: [(sequence: UInt8, payload: [UInt8])] {
        var found: [(sequence: UInt8, payload: [UInt8])] = []
        var at = 0
        while let header = PacketHeader(span, at: at) {
            let payload = self[(at + PacketHeader.size)..<Swift.min(count, at + header.packetLength)]
            found.append((header.sequence, Array(payload)))
            at += header.packetLength
        }
        return found
    }
}
