import MySQLWire
import TestSupport
import Testing

@Suite("Every decoder on recorded payloads")
struct FixtureTests {
    @Test("what was read is written again byte for byte", arguments: Codec.all)
    func roundtrip(_ codec: Codec) throws {
        #expect(try codec.roundtrip(codec.payload) == codec.payload)
    }

    @Test("a payload cut short is refused", arguments: Codec.all)
    func truncated(_ codec: Codec) {
        for length in 0..<codec.payload.count {
            let cut = Array(codec.payload.prefix(length))
            if length < codec.least {
                #expect(throws: WireError.self, "\(length) bytes") { try codec.roundtrip(cut) }
            } else {
                _ = try? codec.roundtrip(cut)
            }
        }
    }

    @Test("a mutated payload never traps", arguments: Codec.all)
    func mutated(_ codec: Codec) {
        var generator = SplitMix64(seed: 20_261_121)
        for _ in 0..<500 {
            var payload = codec.payload
            for _ in 0...Int.random(in: 0..<3, using: &generator) {
                let special: [UInt8] = [0, 1, 0x7F, 0x80, 0xFA, 0xFB, 0xFC, 0xFD, 0xFE, 0xFF]
                let place = Int.random(in: 0..<payload.count, using: &generator)
                let random = UInt8.random(in: 0...255, using: &generator)
                payload[place] = Bool.random(using: &generator) ? random : special.randomElement(using: &generator) ?? 0
            }
            do {
                _ = try codec.roundtrip(payload)
            } catch {
                #expect(error is WireError)
            }
        }
    }
}
