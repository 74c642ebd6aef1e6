import MySQLWire
import ProxyCore
import TestSupport
import Testing

@Suite("Result scanner: what MariaDB sent")
struct ResultScannerRecordingTests {
    private func scanner(_ recording: RecordedAnswer) -> ResultScanner {
        var scanner = ResultScanner(capabilities: recording.capabilities)
        scanner.commandSent(recording.command, lastSequence: recording.lastSequence)
        return scanner
    }

    private func end(_ recording: RecordedAnswer) -> ScanEvent {
        switch recording.name {
        case "infile", "infileAsk": .localInfile
        case "changeUser": .authContinues
        default: .ended
        }
    }

    @Test("every recorded answer ends with its last byte", arguments: ResultFixtures.recordings)
    func whole(_ recording: RecordedAnswer) {
        var scanner = scanner(recording)
        #expect(
            scanner.received(recording.bytes) == ScanStep(consumed: recording.bytes.count, event: end(recording)))
    }

    @Test("no byte past the end is taken", arguments: ResultFixtures.recordings)
    func coalesced(_ recording: RecordedAnswer) {
        for tail: [UInt8] in [[0], [1, 0, 0, 1, 0xFE], recording.bytes] {
            var scanner = scanner(recording)
            #expect(
                scanner.received(recording.bytes + tail)
                    == ScanStep(consumed: recording.bytes.count, event: end(recording)))
        }
    }

    @Test("tears change neither end nor summary", arguments: ResultFixtures.recordings)
    func torn(_ recording: RecordedAnswer) {
        var whole = scanner(recording)
        _ = whole.received(recording.bytes)
        for seed in UInt64(0)..<40 {
            var generator = SplitMix64(seed: seed)
            var torn = scanner(recording)
            let feeding = torn.feed(recording.bytes) { seed == 0 ? 1 : Int.random(in: 1...24, using: &generator) }
            #expect(feeding.consumed == recording.bytes.count, "seed \(seed)")
            #expect(feeding.event == end(recording), "seed \(seed)")
            #expect(feeding.mostUnconsumed <= 27, "seed \(seed)")
            #expect(torn == whole, "seed \(seed)")
        }
    }

    @Test("a cut anywhere changes neither end nor summary", arguments: ResultFixtures.recordings)
    func cut(_ recording: RecordedAnswer) {
        var whole = scanner(recording)
        _ = whole.received(recording.bytes)
        for cut in 1..<recording.bytes.count {
            var pieces = [cut, recording.bytes.count].makeIterator()
            var torn = scanner(recording)
            let feeding = torn.feed(recording.bytes) { pieces.next() ?? 1 }
            #expect(feeding.consumed == recording.bytes.count, "cut at \(cut)")
            #expect(feeding.event == end(recording), "cut at \(cut)")
            #expect(torn == whole, "cut at \(cut)")
        }
    }

    @Test("the summary of a recorded answer", arguments: [false, true])
    func summaries(deprecatesEOF: Bool) throws {
        func summary(_ name: String) throws -> ResultSummary {
            let recording = try ResultFixtures.recording(name, deprecatesEOF: deprecatesEOF)
            var scanner = scanner(recording)
            _ = scanner.received(recording.bytes)
            return scanner.summary
        }
        let rows = try summary("rows")
        #expect((rows.rows, rows.rowBytes, rows.columns) == (3, 10 + 10 + 7, 2))
        #expect(rows.results == 1)
        #expect(rows.status == [.autocommit, .noIndexUsed])
        let multi = try summary("multi")
        #expect((multi.results, multi.rows, multi.columns) == (4, 2, 2))
        #expect(multi.affectedRows == 2)
        let failed = try summary("multiError")
        #expect((failed.isError, failed.errorCode, failed.results, failed.rows) == (true, 1054, 3, 1))
        let inRows = try summary("errorInRows")
        #expect((inRows.isError, inRows.errorCode, inRows.columns) == (true, 1242, 1))
        let insert = try summary("insertMany")
        #expect((insert.affectedRows, insert.lastInsertID) == (2, 2))
        let prepared = try summary("prepare")
        #expect((prepared.statementID, prepared.parameters, prepared.columns) == (deprecatesEOF ? 19 : 10, 2, 3))
        let cursor = try summary("cursor")
        #expect((cursor.rows, cursor.columns, cursor.results) == (0, 3, 1))
        #expect(cursor.status.contains(.cursorExists))
        let fetched = try summary("fetch1")
        #expect(fetched.rows == 1)
        #expect(fetched.status.contains(.lastRowSent))
        let procedure = try summary("executeCallCursor")
        #expect((procedure.rows, procedure.results) == (1, 2))
        let output = try summary("executeRowsAndOut")
        #expect((output.rows, output.results) == (2, 3))
        #expect(try summary("fieldListDefault").columns == 2)
        #expect(try summary("executeCached").rows == 3)
        #expect(try summary("bulkReturning").rows == 3)
        #expect(try summary("bulk").affectedRows == 2)
        #expect(try summary("unknown").errorCode == 1047)
    }

    @Test("a progress report is neither error nor result")
    func progress() throws {
        let recording = try ResultFixtures.recording("progress")
        var scanner = scanner(recording)
        _ = scanner.received(recording.bytes)
        #expect((scanner.summary.isError, scanner.summary.results) == (false, 1))
    }

    @Test("LOCAL INFILE goes on after the client's data", arguments: [false, true])
    func localInfile(deprecatesEOF: Bool) throws {
        let asked = try ResultFixtures.recording("infile", deprecatesEOF: deprecatesEOF)
        let loaded = try ResultFixtures.recording("infileLoaded", deprecatesEOF: deprecatesEOF)
        var scanner = scanner(asked)
        #expect(scanner.received(asked.bytes) == ScanStep(consumed: 23, event: .localInfile))
        scanner.clientAnswered(lastSequence: 3)
        #expect(scanner.received(loaded.bytes) == ScanStep(consumed: 59, event: .ended))
        #expect((scanner.summary.affectedRows, scanner.summary.results) == (2, 1))
    }

    @Test("COM_CHANGE_USER goes on after the client's authentication data")
    func changeUser() throws {
        let asked = try ResultFixtures.recording("changeUser")
        let accepted = try ResultFixtures.recording("changeUserAgreed")
        var scanner = scanner(asked)
        #expect(scanner.received(asked.bytes) == ScanStep(consumed: 48, event: .authContinues))
        scanner.clientAnswered(lastSequence: 2)
        #expect(scanner.received(accepted.bytes) == ScanStep(consumed: 11, event: .ended))
    }
}
