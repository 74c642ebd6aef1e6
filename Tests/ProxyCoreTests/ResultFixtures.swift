import MySQLWire
import TestSupport
import Testing

/// Server's answers for the scanner, recorded or built.
enum ResultFixtures {
    /// Each name that both kinds of ends have is there first as a connection without tracking got it.
    static let recordings =
        RecordedAnswers.classic + RecordedAnswers.deprecated + RecordedAnswers.rare + RecordedAnswers.backend
        + RecordedAnswers.tracked

    static func recording(_ name: String, deprecatesEOF: Bool = false) throws -> RecordedAnswer {
        try #require(
            recordings.first { $0.name == name && $0.capabilities.contains(.deprecateEOF) == deprecatesEOF })
    }

    /// Packets with these payloads, numbered on from `first`.
    static func packets(from first: UInt8 = 1, _ payloads: [UInt8]...) -> [UInt8] {
        var sequence = first
        return payloads.flatMap { payload in
            defer { sequence &+= 1 }
            return RecordedPacket(sequence: sequence, payload: payload).bytes
        }
    }

    static func ok(status: UInt8 = 2, first: UInt8 = 0) -> [UInt8] { [first, 0, 0, status, 0, 0, 0] }
    static func eof(status: UInt8 = 2) -> [UInt8] { [0xFE, 0, 0, status, 0] }
    static let column: [UInt8] = [3, 0x64, 0x65, 0x66, 0, 0, 0, 1, 0x31, 0, 12, 63, 0, 1, 0, 0, 0, 3, 0x81, 0, 0, 0, 0]
    static let error: [UInt8] = [0xFF, 0x26, 0x05, 0x23, 0x37, 0x30, 0x31, 0x30, 0x30, 0x6E, 0x6F]
    static let progress: [UInt8] = [0xFF, 0xFF, 0xFF, 1, 1, 2, 0, 0, 0, 3, 0x61, 0x62, 0x63]
}
