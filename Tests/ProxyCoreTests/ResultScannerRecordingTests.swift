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
        case "infile1": .localInfile
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
            var generator = SeededGenerator(state: seed)
            var torn = scanner(recording)
            let feeding = torn.feed(recording.bytes) { seed == 0 ? 1 : Int.random(in: 1...24, using: &generator) }
            #expect(feeding.consumed == recording.bytes.count, "seed \(seed)")
            #expect(feeding.event == end(recording), "seed \(seed)")
            #expect(feeding.mostUnconsumed <= 27, "seed \(seed)")
            #expect(torn == whole, "seed \(seed)")
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
        let select = try summary("select")
        #expect((select.rows, select.rowBytes, select.columns) == (3, 10 + 10 + 7, 2))
        #expect(select.results == 1)
        #expect(select.status == [.autocommit, .noIndexUsed])
        let multi = try summary("multi")
        #expect((multi.results, multi.rows, multi.columns) == (4, 2, 2))
        #expect(multi.affectedRows == (deprecatesEOF ? 9 : 2))
        let failed = try summary("multiErr")
        #expect((failed.isError, failed.errorCode, failed.results, failed.rows) == (true, 1054, 2, 1))
        let inRows = try summary("rowErr")
        #expect((inRows.isError, inRows.errorCode, inRows.columns) == (true, 1242, 1))
        let insert = try summary("insert")
        #expect((insert.affectedRows, insert.lastInsertID) == (2, deprecatesEOF ? 13 : 1))
        let prepared = try summary("prepSelect")
        #expect((prepared.statementID, prepared.parameters, prepared.columns) == (deprecatesEOF ? 2 : 1, 2, 2))
        let cursor = try summary("execCursor")
        #expect((cursor.rows, cursor.columns, cursor.results) == (0, 2, 1))
        #expect(cursor.status.contains(.cursorExists))
        let fetched = try summary("fetchRest")
        #expect(fetched.rows == 1)
        #expect(fetched.status.contains(.lastRowSent))
        let procedure = try summary("execCallCursor")
        #expect((procedure.rows, procedure.results) == (1, 2))
        let output = try summary("execOut")
        #expect((output.rows, output.results) == (2, 3))
        #expect(try summary("fieldList").columns == 2)
        #expect(try summary("cacheExec1").rows == 3)
        #expect(try summary("bulkReturning").rows == 3)
        #expect(try summary("bulk").affectedRows == 3)
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
        let asked = try ResultFixtures.recording("infile1", deprecatesEOF: deprecatesEOF)
        let loaded = try ResultFixtures.recording("infile2", deprecatesEOF: deprecatesEOF)
        var scanner = scanner(asked)
        #expect(scanner.received(asked.bytes) == ScanStep(consumed: 23, event: .localInfile))
        scanner.clientAnswered(lastSequence: 3)
        #expect(scanner.received(loaded.bytes) == ScanStep(consumed: 59, event: .ended))
        #expect((scanner.summary.affectedRows, scanner.summary.results) == (2, 1))
    }

    @Test("COM_CHANGE_USER goes on after the client's authentication data")
    func changeUser() throws {
        let asked = try ResultFixtures.recording("changeUser")
        let accepted = try ResultFixtures.recording("changeUser2")
        var scanner = scanner(asked)
        #expect(scanner.received(asked.bytes) == ScanStep(consumed: 48, event: .authContinues))
        scanner.clientAnswered(lastSequence: 2)
        #expect(scanner.received(accepted.bytes) == ScanStep(consumed: 11, event: .ended))
    }
}
