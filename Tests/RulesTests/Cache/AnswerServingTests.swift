import MySQLWire
import TestSupport
import Testing

@testable import RulesPlugin

@Suite("Query cache: what a reader is given")
struct AnswerServingTests {
    private func content(_ recording: RecordedAnswer) throws -> AnswerContent {
        var capture = AnswerCapture(
            capabilities: recording.capabilities, status: .autocommit, policy: StoragePolicy())
        capture.received(recording.bytes.span)
        return try capture.finish()
    }

    @Test(
        "a hit is what the server itself would have sent this client", arguments: CacheRecordings.keepable,
        [(1, 1), (1, 2), (2, 1), (2, 2), (0, 0)])
    func recorded(name: String, profiles: (Int, Int)) throws {
        let wanted = try CacheRecordings.recording(name, profiles.1)
        let content = try content(try CacheRecordings.recording(name, profiles.0))
        let framed = content.framed(for: wanted.capabilities, status: wanted.endStatus)
        #expect(framed.front + framed.end == wanted.bytes)
        #expect(framed.payloads == (framed.front + framed.end).packets.map(\.payload))
    }

    @Test("the status is the reader's, whatever the leader's was")
    func status() throws {
        let content = try content(try CacheRecordings.recording("rows"))
        for status: StatusFlags in [[], .autocommit, [.inTransaction, .autocommit, .noBackslashEscapes]] {
            for capabilities: Capabilities in [[.protocol41], [.protocol41, .deprecateEOF]] {
                let asked = status.union([.moreResults, .sessionStateChanged, .cursorExists])
                let framed = content.framed(for: capabilities, status: asked)
                let end = try #require((framed.front + framed.end).packets.last?.payload)
                let told =
                    capabilities.contains(.deprecateEOF)
                    ? try OKPacket(decoding: end.span, capabilities: capabilities).status
                    : try EOFPacket(decoding: end.span).status
                #expect(told == status.union(.noIndexUsed))
            }
        }
    }

    @Test("a reader with DEPRECATE_EOF gets the cache's own bytes")
    func shared() throws {
        let content = try content(try CacheRecordings.recording("rows", 1))
        let framed = content.framed(for: [.protocol41, .deprecateEOF], status: .autocommit)
        let kept = content.bytes.withUnsafeBytes { $0.baseAddress }
        #expect(framed.front.withUnsafeBytes { $0.baseAddress } == kept)
    }

    @Test("a reader that may be left without definitions is told that they follow")
    func definitionsFollow() throws {
        let content = try content(try CacheRecordings.recording("one", 1))
        for flag: Capabilities in [.optionalResultsetMetadata, .mariadbCacheMetadata] {
            for rest: Capabilities in [[.protocol41], [.protocol41, .deprecateEOF]] {
                let capabilities = rest.union(flag)
                let framed = content.framed(for: capabilities, status: .autocommit)
                let first = try #require((framed.front + framed.end).packets.first?.payload)
                #expect(first == [1, 1])
                let plain = content.framed(for: rest, status: .autocommit)
                #expect(framed.payloads.dropFirst() == plain.payloads.dropFirst())
            }
        }
    }

    @Test("rows of 16 MiB and more stay split, with ids that go on")
    func longRows() throws {
        let lengths = [0xFF_FFFF - 9, 0xFF_FFFF - 8, 40_000_000]
        for length in lengths {
            var writer = PacketWriter(sequence: 1)
            let deprecated: Capabilities = [.protocol41, .transactions, .deprecateEOF]
            let column = ColumnDefinition(name: "x", type: .longBlob)
            let value = [UInt8](repeating: 0x61, count: length)
            writer.append(columns: [column], status: .autocommit, capabilities: deprecated)
            writer.append(textRow: [value])
            writer.append(textRow: [[0x62]])
            writer.appendResultEnd(status: .autocommit, capabilities: deprecated)
            let bytes = writer.take()
            var capture = AnswerCapture(
                capabilities: deprecated, status: .autocommit, policy: StoragePolicy(maximumBytes: 1 << 30))
            capture.received(bytes.span)
            let content = try capture.finish()
            let framed = content.framed(for: deprecated, status: .autocommit)
            #expect(framed.front + framed.end == bytes)

            let classic = content.framed(for: [.protocol41], status: .autocommit)
            let ids = (classic.front + classic.end).packets.map(\.sequence)
            #expect(ids == (1...ids.count).map { UInt8($0) })
            #expect(classic.payloads.count == framed.payloads.count + 1)
            #expect(classic.payloads[3] == framed.payloads[2])
        }
    }

    @Test("sequence ids wrap in long results")
    func wrapping() throws {
        var writer = PacketWriter(sequence: 1)
        let deprecated: Capabilities = [.protocol41, .transactions, .deprecateEOF]
        writer.append(
            columns: [ColumnDefinition(name: "x", type: .varString)], status: .autocommit, capabilities: deprecated)
        for number in 0..<1000 { writer.append(textRow: [Array("\(number)".utf8)]) }
        writer.appendResultEnd(status: .autocommit, capabilities: deprecated)
        var capture = AnswerCapture(capabilities: deprecated, status: .autocommit, policy: StoragePolicy())
        capture.received(writer.bytes.span)
        let classic = try capture.finish().framed(for: [.protocol41], status: .autocommit)
        let packets = (classic.front + classic.end).packets
        #expect(packets.count == 1004)
        #expect(packets.enumerated().allSatisfy { $0.element.sequence == UInt8(truncatingIfNeeded: $0.offset + 1) })
        #expect(packets[3 + 999].payload == TextRow(values: [Array("999".utf8)]).encode())
    }
}
