import MySQLWire
import ProxyCore
import TestSupport
import Testing

/// What a MariaDB at hand doesn't send: MySQL 8's forms, huge packets, progress reports, replication, breaches.
@Suite("Result scanner: transcripts")
struct ResultScannerTranscriptTests {
    typealias Fix = ResultFixtures

    private func scanner(_ command: Command, _ capabilities: Capabilities = []) -> ResultScanner {
        var scanner = ResultScanner(capabilities: capabilities.union(.protocol41))
        scanner.commandSent(command, lastSequence: 0)
        return scanner
    }

    @Test("a torn header waits; a packet's middle is relayed")
    func torn() {
        var scanner = scanner(.query)
        let bytes = Fix.packets([1], Fix.column, Fix.eof(), [1, 0x31], Fix.eof())
        #expect(scanner.received(Array(bytes[0..<3])) == .init(consumed: 0, event: .more))
        #expect(scanner.received(Array(bytes[0..<12])) == .init(consumed: 12, event: .more))
        #expect(scanner.received(Array(bytes[12..<34])) == .init(consumed: 20, event: .more))
        #expect(scanner.received(Array(bytes[32...])) == .init(consumed: bytes.count - 32, event: .ended))
        #expect(scanner.summary.rows == 1)
    }

    @Test("after the end, nothing is due")
    func idle() {
        var scanner = scanner(.ping)
        #expect(scanner.received(Fix.packets(Fix.ok())) == .init(consumed: 11, event: .ended))
        #expect(scanner.received([]) == .init(consumed: 0, event: .more))
        #expect(
            scanner.received(Fix.packets(from: 2, Fix.ok()))
                == .init(consumed: 0, event: .violation(.unasked(sequence: 2))))
    }

    @Test("MySQL 8 without metadata: the count comes first, then the flag", arguments: [false, true])
    func optionalMetadata(deprecatesEOF: Bool) {
        var scanner = scanner(
            .query, deprecatesEOF ? [.optionalResultsetMetadata, .deprecateEOF] : .optionalResultsetMetadata)
        let bytes =
            deprecatesEOF
            ? Fix.packets([2, 0], [1, 0x31, 0xFB], Fix.ok(first: 0xFE))
            : Fix.packets([2, 0], Fix.eof(), [1, 0x31, 0xFB], Fix.eof())
        #expect(scanner.received(bytes) == .init(consumed: bytes.count, event: .ended))
        #expect((scanner.summary.columns, scanner.summary.rows) == (2, 1))
    }

    @Test("MySQL 8 with metadata: whole or byte by byte, it is the same", arguments: [false, true])
    func flaggedMetadata(deprecatesEOF: Bool) {
        var whole = scanner(
            .query, deprecatesEOF ? [.optionalResultsetMetadata, .deprecateEOF] : .optionalResultsetMetadata)
        var torn = whole
        let bytes =
            deprecatesEOF
            ? Fix.packets([1, 1], Fix.column, [1, 0x31], Fix.ok(first: 0xFE))
            : Fix.packets([1, 1], Fix.column, Fix.eof(), [1, 0x31], Fix.eof())
        #expect(whole.received(bytes) == .init(consumed: bytes.count, event: .ended))
        #expect(torn.feed(bytes) { 1 }.event == .ended)
        #expect(torn == whole)
        #expect((whole.summary.columns, whole.summary.rows) == (1, 1))
    }

    @Test("a prepared statement without metadata", arguments: [false, true])
    func preparedWithoutMetadata(deprecatesEOF: Bool) {
        let head: [UInt8] = [0, 7, 0, 0, 0, 1, 0, 2, 0, 0, 0, 0, 0]
        var scanner = scanner(
            .prepare, deprecatesEOF ? [.optionalResultsetMetadata, .deprecateEOF] : .optionalResultsetMetadata)
        let bytes = deprecatesEOF ? Fix.packets(head) : Fix.packets(head, Fix.eof(), Fix.eof())
        #expect(scanner.received(bytes) == .init(consumed: bytes.count, event: .ended))
        #expect((scanner.summary.statementID, scanner.summary.parameters, scanner.summary.columns) == (7, 2, 1))
    }

    @Test("300 rows wrap the sequence id")
    func wrapping() {
        var scanner = scanner(.query, .deprecateEOF)
        var bytes = Fix.packets([1], Fix.column)
        for row in 0..<300 {
            bytes += RecordedPacket(sequence: UInt8(truncatingIfNeeded: row + 3), payload: [1, 0x31]).bytes
        }
        bytes += Fix.packets(from: UInt8(truncatingIfNeeded: 303), Fix.ok(first: 0xFE))
        #expect(scanner.received(bytes) == .init(consumed: bytes.count, event: .ended))
        #expect((scanner.summary.rows, scanner.summary.rowBytes) == (300, 1800))
    }

    @Test(
        "a row that goes on over packets is one row, whatever its pieces begin with",
        arguments: [Capabilities(), .deprecateEOF], [UInt8(0xFE), 0xFF, 0x00])
    func hugeRow(_ capabilities: Capabilities, continuation: UInt8) {
        let huge = [UInt8](repeating: 0xFE, count: PacketHeader.maximumPayload)
        let binary = [0] + huge.dropFirst()
        let isClassic = capabilities.isEmpty
        var bytes = isClassic ? Fix.packets([1], Fix.column, Fix.eof()) : Fix.packets([1], Fix.column)
        bytes += Fix.packets(
            from: isClassic ? 4 : 3, huge, [continuation, 0, 0, 2, 0], binary, [],
            isClassic ? Fix.eof() : Fix.ok(first: 0xFE))
        var whole = scanner(.query, capabilities)
        #expect(whole.received(bytes) == .init(consumed: bytes.count, event: .ended))
        #expect(whole.summary.rows == 2)
        #expect(whole.summary.rowBytes == UInt64(2 * PacketHeader.maximumPayload + 5 + 4 * 4))
        var torn = scanner(.query, capabilities)
        #expect(torn.feed(bytes) { 1_000_003 }.consumed == bytes.count)
        #expect(torn == whole)
    }

    @Test("a classic row that begins with 0xFE and is longer than an EOF is a row")
    func longValue() {
        var scanner = scanner(.query)
        let bytes = Fix.packets([1], Fix.column, Fix.eof(), [0xFE, 1, 0, 0, 0, 0, 0, 0, 0, 0x31], Fix.eof())
        #expect(scanner.received(bytes) == .init(consumed: bytes.count, event: .ended))
        #expect(scanner.summary.rows == 1)
    }

    @Test("an ERR among the column definitions ends the answer")
    func errorInDefinitions() {
        var scanner = scanner(.query)
        let bytes = Fix.packets([3], Fix.column, Fix.error)
        #expect(scanner.received(bytes + [0]) == .init(consumed: bytes.count, event: .ended))
        #expect((scanner.summary.isError, scanner.summary.errorCode) == (true, 1318))
    }

    @Test("progress reports are passed over where they were negotiated")
    func progress() {
        let bytes = Fix.packets(
            Fix.progress, Fix.progress, [1], Fix.column, Fix.eof(), [1, 0x31], Fix.progress, Fix.eof())
        var told = scanner(.query, .mariadbProgress)
        #expect(told.received(bytes) == .init(consumed: bytes.count, event: .ended))
        #expect((told.summary.isError, told.summary.rows, told.summary.rowBytes) == (false, 1, 6))
        var untold = scanner(.query)
        #expect(untold.received(bytes) == .init(consumed: 4 + Fix.progress.count, event: .ended))
        #expect(untold.summary.errorCode == 0xFFFF)
    }

    @Test(
        "a replication stream has no end, an immediate ERR or EOF is one",
        arguments: [Command.binlogDump, .binlogDumpGTID])
    func binlog(_ command: Command) {
        let event = Fix.packets([0] + [UInt8](repeating: 7, count: 40))
        var stream = scanner(command)
        #expect(stream.received(Array(event[0..<20])) == .init(consumed: 20, event: .more))
        #expect(stream.received(Array(event[20...]) + [9, 9]) == .init(consumed: 27, event: .endless))
        #expect(stream.received([1, 2, 3]) == .init(consumed: 3, event: .endless))
        var refused = scanner(command)
        #expect(refused.received(Fix.packets(Fix.error)) == .init(consumed: 15, event: .ended))
        var nothing = scanner(command)
        #expect(nothing.received(Fix.packets(Fix.eof())) == .init(consumed: 9, event: .ended))
    }

    @Test("statistics and unknown commands have one packet", arguments: [Command.statistics, .init(rawValue: 0x77)])
    func single(_ command: Command) {
        for payload: [UInt8] in [[0x55, 0x70], [], [0], Fix.ok(), [0, 0xFB, 0, 0, 0, 0, 0, 0], [0xFE]] {
            var scanner = scanner(command)
            let bytes = Fix.packets(payload)
            #expect(scanner.received(bytes + [1]) == .init(consumed: bytes.count, event: .ended))
        }
    }

    @Test("caching_sha2_password: a hit in the cache needs no turn of the client, a miss does")
    func login() {
        var hit = ResultScanner(capabilities: .protocol41)
        hit.loginSent(lastSequence: 1)
        #expect(hit.received(Fix.packets(from: 2, [1, 3], Fix.ok())) == .init(consumed: 17, event: .ended))
        var miss = ResultScanner(capabilities: .protocol41)
        miss.loginSent(lastSequence: 1)
        #expect(miss.received(Fix.packets(from: 2, [1, 4])) == .init(consumed: 6, event: .authContinues))
        miss.clientAnswered(lastSequence: 3)
        #expect(miss.received(Fix.packets(from: 4, [1, 0x2D])) == .init(consumed: 6, event: .authContinues))
        miss.clientAnswered(lastSequence: 5)
        #expect(miss.received(Fix.packets(from: 6, Fix.error)) == .init(consumed: 15, event: .ended))
        #expect(miss.summary.isError)
    }

    @Test("an ERR left by a server that gave up before the command came counts as its answer")
    func farewell() {
        var scanner = scanner(.query)
        #expect(scanner.received(Fix.packets(from: 0, Fix.error)) == .init(consumed: 15, event: .ended))
    }
}
