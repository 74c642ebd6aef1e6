import MySQLWire
import ProxyCore
import TestSupport
import Testing

@Suite("Result scanner: broken answers")
struct ResultScannerViolationTests {
    typealias Fix = ResultFixtures

    private func violation(_ command: Command, _ bytes: [UInt8]) -> ScanViolation? {
        var scanner = ResultScanner(capabilities: .protocol41)
        scanner.commandSent(command, lastSequence: 0)
        guard case .violation(let violation) = scanner.received(bytes).event else { return nil }
        return violation
    }

    @Test("each breach has its name")
    func named() {
        #expect(violation(.query, Fix.packets(from: 2, Fix.ok())) == .outOfSequence(expected: 1, found: 2))
        #expect(violation(.query, Fix.packets([])) == .emptyPacket(.result))
        #expect(violation(.query, Fix.packets([1], Fix.column, Fix.eof(), [])) == .emptyPacket(.rows))
        #expect(
            violation(.query, Fix.packets([0, 0xFB, 0, 2, 0, 0, 0])) == .malformedInteger(firstByte: 0xFB, .result))
        #expect(violation(.query, Fix.packets([0xFC, 1])) == .truncatedPacket(firstByte: 0xFC, .result))
        #expect(violation(.query, Fix.packets([0xFD, 0, 0, 9])) == .malformedInteger(firstByte: 0xFD, .result))
        #expect(violation(.ping, Fix.packets([0, 0, 0])) == .truncatedPacket(firstByte: 0, .status))
        #expect(violation(.ping, Fix.packets([0xFF, 1])) == .truncatedPacket(firstByte: 0xFF, .status))
        #expect(
            violation(.ping, Fix.packets([7, 8])) == .unexpectedPacket(firstByte: 7, payloadLength: 2, .status))
        #expect(
            violation(.query, Fix.packets(Fix.eof())) == .unexpectedPacket(firstByte: 0xFE, payloadLength: 5, .result))
        #expect(
            violation(.query, Fix.packets([1], Fix.column, [1, 0x31]))
                == .unexpectedPacket(firstByte: 1, payloadLength: 2, .definitionsEnd))
    }

    @Test("a violation consumes what was well before it, and reads as a sentence")
    func described() {
        var scanner = ResultScanner(capabilities: .protocol41)
        scanner.commandSent(.query, lastSequence: 0)
        let bytes = Fix.packets([1]) + Fix.packets(from: 9, Fix.column)
        #expect(scanner.received(bytes).consumed == 5)
        #expect(
            ScanViolation.outOfSequence(expected: 2, found: 9).description
                == "sent a packet out of sequence: expected 2, found 9")
        #expect(
            ScanViolation.unexpectedPacket(firstByte: 7, payloadLength: 2, .rows).description
                == "sent an unexpected packet of 2 bytes, first byte 0x07, in the rows")
    }

    @Test("random bytes neither trap nor hold more than a packet's first bytes", arguments: UInt64(0)..<64)
    func fuzz(seed: UInt64) {
        var generator = SplitMix64(seed: seed)
        for _ in 0..<400 {
            var scanner = ResultScanner(capabilities: Capabilities(rawValue: generator.next()))
            let command = Command(rawValue: UInt8.random(in: 0...32, using: &generator))
            scanner.commandSent(command, lastSequence: 0)
            var sequence: UInt8 = 1
            var bytes: [UInt8] = []
            for _ in 0..<Int.random(in: 1...12, using: &generator) {
                bytes += mutation(&sequence, &generator)
            }
            let feeding = scanner.feed(bytes) { Int.random(in: 1...40, using: &generator) }
            #expect(feeding.consumed <= bytes.count)
            #expect(feeding.mostUnconsumed <= 27)
        }
    }

    /// A packet whose header is mostly right and whose contents are mostly plausible.
    private func mutation(_ sequence: inout UInt8, _ generator: inout SplitMix64) -> [UInt8] {
        let firsts: [UInt8] = [0, 1, 2, 3, 0xFB, 0xFC, 0xFD, 0xFE, 0xFF, 0x55]
        var payload = (0..<Int.random(in: 0...30, using: &generator)).map { _ in
            UInt8.random(in: 0...255, using: &generator)
        }
        if !payload.isEmpty { payload[0] = firsts.randomElement(using: &generator) ?? 0 }
        var bytes = RecordedPacket(sequence: sequence, payload: payload).bytes
        sequence &+= 1
        if Int.random(in: 0..<20, using: &generator) == 0 {
            bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
        }
        return bytes
    }
}
