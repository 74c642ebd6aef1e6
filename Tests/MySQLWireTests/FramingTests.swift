import MySQLWire
import Testing

@Suite("Framing")
struct FramingTests {
    @Test("packets have consecutive sequence ids, modulo 256")
    func sequence() {
        var writer = PacketWriter(sequence: 255)
        writer.append([1])
        writer.append([])
        #expect(writer.bytes == [1, 0, 0, 255, 1, 0, 0, 0, 0])
        #expect(writer.sequence == 1)
        #expect(writer.take().count == 9)
        #expect(writer.bytes.isEmpty)
    }

    @Test("payloads around 16 MiB are split and joined again", arguments: [-1, 0, 1])
    func large(_ difference: Int) throws {
        let payload = [UInt8](repeating: 0x5A, count: PacketHeader.maximumPayload + difference)
        var writer = PacketWriter()
        writer.append(payload)
        #expect(writer.bytes.count == payload.count + (difference < 0 ? 4 : 8))
        #expect(writer.sequence == (difference < 0 ? 1 : 2))
        var joiner = PacketJoiner(expectedSequence: 0)
        var offset = 0
        let joined = try joiner.next(in: writer.bytes, from: &offset)
        #expect(joined?.payload == payload)
        #expect(joined?.sequence == (difference < 0 ? 0 : 1))
        #expect(offset == writer.bytes.count)
    }

    @Test("a torn packet waits, and coalesced ones come one by one")
    func torn() throws {
        var writer = PacketWriter()
        writer.append([1, 2, 3])
        writer.append([4])
        let bytes = writer.bytes
        var joiner = PacketJoiner(expectedSequence: 0)
        var offset = 0
        for length in 0..<7 {
            #expect(try joiner.next(in: Array(bytes.prefix(length)), from: &offset) == nil)
            #expect(offset == 0)
        }
        #expect(try joiner.next(in: bytes, from: &offset)?.payload == [1, 2, 3])
        #expect(try joiner.next(in: bytes, from: &offset)?.payload == [4])
        #expect(try joiner.next(in: bytes, from: &offset) == nil)
    }

    @Test("packets out of sequence and payloads over the limit are refused")
    func refused() {
        var offset = 0
        var joiner = PacketJoiner(expectedSequence: 0, limit: 3)
        #expect(throws: WireError.self) { try joiner.next(in: [1, 0, 0, 1, 9], from: &offset) }
        #expect(throws: WireError.self) { try joiner.next(in: [4, 0, 0, 0], from: &offset) }
    }

    @Test("length-encoded integers use the shortest form and come back")
    func lengthEncoded() throws {
        let sizes: [(UInt64, Int)] = [
            (0, 1), (250, 1), (251, 3), (65_535, 3), (65_536, 4), (0xFF_FFFF, 4), (0x100_0000, 9), (.max, 9),
        ]
        for (value, size) in sizes {
            var writer = PayloadWriter()
            writer.lengthEncoded(value)
            let bytes = writer.bytes
            #expect(bytes.count == size)
            var reader = ByteReader(bytes.span, of: "test")
            let read = try reader.lengthEncoded("a number")
            #expect(read == value)
        }
    }

    @Test("a length beyond the payload is refused, however large")
    func hugeLength() {
        for bytes: [UInt8] in [[0xFE] + Array(repeating: 0xFF, count: 8), [0xFF], [0xFB], [5, 1], [0xFC, 1]] {
            #expect(throws: WireError.self) {
                var reader = ByteReader(bytes.span, of: "test")
                _ = try reader.lengthEncodedBytes("a string")
            }
        }
    }

    @Test("a server's result has EOFs, or one OK at its end for newer clients")
    func result() throws {
        let columns = [ColumnDefinition(name: "a", type: .longLong)]
        for (capabilities, count) in [(Capabilities.plain, 5), (.tracking, 4)] {
            var writer = PacketWriter(sequence: 1)
            writer.append(columns: columns, status: .autocommit, capabilities: capabilities)
            writer.append(textRow: [[0x31]])
            writer.appendResultEnd(status: .autocommit, capabilities: capabilities)
            let payloads = try payloads(writer.bytes)
            #expect(payloads.count == count)
            #expect(payloads.first == [1])
            let last = try #require(payloads.last)
            #expect(last.first == 0xFE)
            #expect(EOFPacket.matches(last) == true)
            #expect(last.count == (count == 5 ? 5 : 7))
        }
    }

    @Test("a prepared statement's answer leaves out empty lists")
    func prepared() throws {
        let columns = [ColumnDefinition(name: "a", type: .longLong)]
        var writer = PacketWriter(sequence: 1)
        writer.append(
            preparedStatement: 7, parameters: [], columns: columns, status: .autocommit, capabilities: .plain)
        let all = try payloads(writer.bytes)
        #expect(all.count == 3)
        #expect(try PreparedStatementOK(decoding: all[0]).columns == 1)
    }

    private func payloads(_ bytes: [UInt8]) throws -> [[UInt8]] {
        var joiner = PacketJoiner(expectedSequence: 1)
        var offset = 0
        var payloads: [[UInt8]] = []
        while let joined = try joiner.next(in: bytes, from: &offset) { payloads.append(joined.payload) }
        return payloads
    }
}
