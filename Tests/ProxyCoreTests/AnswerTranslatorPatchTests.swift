import MySQLWire
import ProxyCore
import TestSupport
import Testing

@Suite("Answer translator: patches, refusals and noise")
struct AnswerTranslatorPatchTests {
    private static let backend = TranslationFixtures.backendProfile.capabilities
    private static let classic = TranslationFixtures.classicProfile.capabilities

    private func column(_ name: String) -> ColumnDefinition {
        ColumnDefinition(
            name: name, type: .long, originalName: "o", extendedMetadata: [.init(kind: 0, value: "uuid")])
    }

    private func names(_ output: [UInt8], _ capabilities: Capabilities) throws -> [String] {
        try output.packets.filter { $0.payload.starts(with: [3, 0x64]) }.map { packet in
            let payload = packet.payload
            return try ColumnDefinition(decoding: payload.span, capabilities: capabilities).name
        }
    }

    @Test("the first result's columns are shown under other names", arguments: [backend, classic])
    func columnNames(_ client: Capabilities) throws {
        var writer = PacketWriter(sequence: 1)
        for status: StatusFlags in [[.autocommit, .moreResults], .autocommit] {
            writer.append(
                columns: [column("7"), column("x"), column("7")], status: status, capabilities: Self.backend)
            writer.append(textRow: [[0x37], [0x37], [0x37]])
            writer.appendResultEnd(status: status, capabilities: Self.backend)
        }
        let shown = String(repeating: "ROW_COUNT() ", count: 30)
        let patches = AnswerPatches(columnNames: [.init(found: [0x37], shown: Array(shown.utf8))])
        let bytes = writer.take()
        for pieces in [Int.max, 1] {
            var translator = AnswerTranslator(backend: Self.backend, client: client)
            translator.commandSent(.query, lastSequence: 0, clientSequence: 1, patches: patches)
            let translation = translator.feed(bytes) { pieces }
            #expect(translation.event == .ended)
            #expect(try names(translation.output, client) == [shown, "x", shown, "7", "x", "7"])
            let sequences = translation.output.packets.map(\.sequence)
            #expect(sequences == (1...UInt8(sequences.count)).map { $0 })
        }
    }

    @Test("names inside a longer one are shown in its place, and its type stays")
    func nameInside() throws {
        var writer = PacketWriter(sequence: 1)
        writer.append(
            columns: [column("<1> + <22><1>!"), column("<1")], status: .autocommit, capabilities: Self.backend)
        writer.append(textRow: [[0x37], [0x37]])
        writer.appendResultEnd(status: .autocommit, capabilities: Self.backend)
        let type = AnswerPatches.ValueType(type: ColumnType.longLong.rawValue, length: 21, flags: 0)
        let patches = AnswerPatches(columnNames: [
            .init(found: Array("<1>".utf8), shown: Array("ONE()".utf8), type: type),
            .init(found: Array("<22>".utf8), shown: [], type: type),
        ])
        var translator = AnswerTranslator(backend: Self.backend, client: Self.backend)
        translator.commandSent(.query, lastSequence: 0, clientSequence: 1, patches: patches)
        let translation = translator.feed(writer.take())
        #expect(try names(translation.output, Self.backend) == ["ONE() + ONE()!", "<1"])
        let first = translation.output.packets[1].payload
        #expect(try ColumnDefinition(decoding: first.span, capabilities: Self.backend).type == .long)
    }

    @Test("a patched column may have another type; its collation and decimals stay", arguments: [backend, classic])
    func columnType(_ client: Capabilities) throws {
        var writer = PacketWriter(sequence: 1)
        writer.append(columns: [column("7"), column("x")], status: .autocommit, capabilities: Self.backend)
        writer.append(textRow: [[0x37], [0x37]])
        writer.appendResultEnd(status: .autocommit, capabilities: Self.backend)
        let type = AnswerPatches.ValueType(type: ColumnType.longLong.rawValue, length: 0x1_0015, flags: 0x81)
        let patches = AnswerPatches(columnNames: [.init(found: [0x37], shown: [0x38], type: type)])
        var translator = AnswerTranslator(backend: Self.backend, client: client)
        translator.commandSent(.query, lastSequence: 0, clientSequence: 1, patches: patches)
        let translation = translator.feed(writer.take())
        let columns = try translation.output.packets.filter { $0.payload.starts(with: [3, 0x64]) }
            .map { try ColumnDefinition(decoding: $0.payload.span, capabilities: client) }
        #expect(columns.map(\.type) == [.longLong, .long])
        #expect(columns.map(\.length) == [0x1_0015, column("x").length])
        #expect(columns.map(\.flags) == [[.notNull, .binary], column("x").flags])
        #expect(columns.map(\.collation) == [column("x").collation, column("x").collation])
        #expect(columns.map(\.decimals) == [column("x").decimals, column("x").decimals])
    }

    @Test("a prepared statement's id and its columns' names are the proxy's")
    func prepared() throws {
        var writer = PacketWriter(sequence: 1)
        writer.append(
            preparedStatement: 3, parameters: [column("?")], columns: [column("7")], status: .autocommit,
            capabilities: Self.backend)
        let patches = AnswerPatches(statementID: 0xA1B2_C3D4, columnNames: [.init(found: [0x37], shown: [0x38])])
        var translator = AnswerTranslator(backend: Self.backend, client: Self.classic)
        translator.commandSent(.prepare, lastSequence: 0, clientSequence: 1, patches: patches)
        let translation = translator.feed(writer.take())
        let payload = translation.output.packets[0].payload
        let head = try PreparedStatementOK(decoding: payload.span)
        #expect((head.statementID, head.columns, head.parameters) == (0xA1B2_C3D4, 1, 1))
        #expect(try names(translation.output, Self.classic) == ["?", "8"])
        #expect(translator.summary.statementID == 3)
    }

    @Test("an empty piece of metadata is put in for a client that wants it from a server without")
    func metadataPutIn() throws {
        let plain = Self.backend.subtracting(.mariadbExtendedMetadata)
        var writer = PacketWriter(sequence: 1)
        writer.append(columns: [column("a")], status: .autocommit, capabilities: plain)
        var translator = AnswerTranslator(backend: plain, client: Self.backend)
        translator.commandSent(.query, lastSequence: 0, clientSequence: 1)
        let translation = translator.feed(writer.take())
        let payload = translation.output.packets[1].payload
        let found = try ColumnDefinition(decoding: payload.span, capabilities: Self.backend)
        #expect((found.name, found.type, found.extendedMetadata) == ("a", .long, []))
    }

    @Test("what can't be read breaks the protocol, and nothing of it goes to the client")
    func refusals() {
        let truncatedTail: [UInt8] = [0, 0, 0, 2, 0x40, 0, 0, 0, 9, 1]
        let cases: [(Command, [UInt8], ScanViolation)] = [
            (.query, ResultFixtures.packets(truncatedTail), .truncatedPacket(firstByte: 0, .status)),
            (.query, [0xFF, 0xFF, 0xFF, 1, 0], .unexpectedPacket(firstByte: 0, payloadLength: 0xFF_FFFF, .result)),
            (.query, [7, 0, 0, 9, 0], .outOfSequence(expected: 1, found: 9)),
            (.fieldList, ResultFixtures.packets([3, 1, 2]), .truncatedPacket(firstByte: 3, .definitions)),
        ]
        for (command, bytes, violation) in cases {
            var translator = AnswerTranslator(backend: Self.backend, client: Self.classic)
            translator.commandSent(command, lastSequence: 0, clientSequence: 1)
            let translation = translator.feed(bytes)
            #expect(translation.event == .violation(violation))
            #expect(translation.output.isEmpty)
        }
    }

    @Test("noise never traps, and what is consumed stays in bounds")
    func noise() {
        let profiles = [Self.backend, Self.classic, TranslationFixtures.trackedProfile.capabilities]
        let commands: [Command] = [
            .query, .execute, .prepare, .fetch, .fieldList, .statistics, .setOption, .changeUser, .binlogDump,
        ]
        for seed in UInt64(0)..<4000 {
            var generator = SplitMix64(seed: seed)
            let bytes = Self.noise(&generator)
            var translator = AnswerTranslator(
                backend: profiles[Int(seed) % 3], client: profiles[Int(seed / 3) % 3])
            translator.commandSent(
                commands[Int(seed) % commands.count], lastSequence: 0, clientSequence: UInt8(seed & 0xFF),
                patches: AnswerPatches(statementID: 7, columnNames: [.init(found: [0x31], shown: [0x32])]))
            let translation = translator.feed(bytes) { Int.random(in: 1...60, using: &generator) }
            #expect(translation.consumed <= bytes.count, "seed \(seed)")
        }
    }

    /// A recorded answer with a few bytes changed, cut or doubled; or, now and then, nothing but chance.
    private static func noise(_ generator: inout SplitMix64) -> [UInt8] {
        let recordings = TranslationFixtures.backendProfile.recordings + TranslationFixtures.classicProfile.recordings
        var bytes = recordings.randomElement(using: &generator)?.bytes ?? []
        if Int.random(in: 0..<8, using: &generator) == 0 {
            bytes = (0..<200).map { _ in UInt8.random(in: 0...255, using: &generator) }
        }
        for _ in 0..<Int.random(in: 1...4, using: &generator) {
            let at = Int.random(in: 0..<bytes.count, using: &generator)
            switch Int.random(in: 0..<4, using: &generator) {
            case 0: bytes.insert(contentsOf: bytes[at...].prefix(9), at: at)
            case 1: bytes.removeSubrange(at..<max(at, min(bytes.count - 1, at + 3)))
            default: bytes[at] = [0, 1, 5, 9, 0xFB, 0xFC, 0xFE, 0xFF].randomElement(using: &generator) ?? 0
            }
        }
        return bytes
    }
}
