import MySQLWire
import TestSupport
import Testing

@testable import RulesPlugin

@Suite("Query cache: what is kept of an answer")
struct AnswerCaptureTests {
    private func capture(
        _ recording: RecordedAnswer, status: StatusFlags = .autocommit,
        policy: StoragePolicy = StoragePolicy(), pieces: Int = .max
    ) -> Result<AnswerContent, NotKept> {
        capture(recording.bytes, recording.capabilities, status: status, policy: policy, pieces: pieces)
    }

    private func capture(
        _ bytes: [UInt8], _ capabilities: Capabilities, status: StatusFlags = .autocommit,
        policy: StoragePolicy = StoragePolicy(), pieces: Int = .max
    ) -> Result<AnswerContent, NotKept> {
        var capture = AnswerCapture(capabilities: capabilities, status: status, policy: policy)
        var at = 0
        while at < bytes.count {
            let end = at + min(pieces, bytes.count - at)
            capture.received(bytes.span.extracting(at..<end))
            at = end
        }
        do throws(NotKept) { return .success(try capture.finish()) } catch { return .failure(error) }
    }

    @Test("one result set is kept, up to its end and in one form", arguments: CacheRecordings.keepable)
    func oneForm(name: String) throws {
        let (classic, deprecated) = (
            try CacheRecordings.recording(name, 1), try CacheRecordings.recording(name, 2)
        )
        let content = try capture(deprecated).get()
        #expect(content.bytes == Array(deprecated.bytes.dropLast(11)))
        #expect(content.endSequence == deprecated.bytes.packets.last?.sequence)
        #expect(try capture(classic).get() == content)
        let extended = try CacheRecordings.recording(name)
        #expect(try capture(extended).get().bytes == Array(extended.bytes.dropLast(11)))
    }

    @Test("tears change nothing", arguments: CacheRecordings.keepable, [0, 1, 2])
    func torn(name: String, profile: Int) throws {
        let recording = try CacheRecordings.recording(name, profile)
        let whole = try capture(recording).get()
        for pieces in [1, 2, 3, 5, 7, 11, 30] {
            #expect(try capture(recording, pieces: pieces).get() == whole)
        }
    }

    @Test(
        "anything else isn't",
        arguments: [
            ("insert", NotKept.notOneResultSet), ("error", .error), ("multi", .notOneResultSet),
            ("call", .notOneResultSet), ("infileAsk", .notOneResultSet), ("warn", .warnings),
        ])
    func refused(name: String, reason: NotKept) throws {
        #expect(capture(try CacheRecordings.recording(name)) == .failure(reason))
    }

    @Test("warnings are kept where that is configured, with their number")
    func warnings() throws {
        var policy = StoragePolicy()
        policy.keepsWarnings = true
        #expect(try capture(try CacheRecordings.recording("warn"), policy: policy).get().warnings == 1)
    }

    @Test("a result without rows is kept unless the rule says otherwise")
    func empty() throws {
        let none = try CacheRecordings.recording("none")
        var policy = StoragePolicy()
        policy.keepsEmpty = false
        #expect(capture(none, policy: policy) == .failure(.empty))
        #expect(try capture(try CacheRecordings.recording("one"), policy: policy).get().bytes.count > 0)
    }

    @Test("the bound is in bytes, headers included, and what is too long is dropped at once")
    func bound() throws {
        let rows = try CacheRecordings.recording("rows", 2)
        var policy = StoragePolicy()
        policy.maximumBytes = rows.bytes.count
        #expect(try capture(rows, policy: policy).get().bytes.count == rows.bytes.count - 11)
        policy.maximumBytes -= 1
        #expect(capture(rows, policy: policy) == .failure(.tooLong))
        var endless = AnswerCapture(capabilities: rows.capabilities, status: .autocommit, policy: policy)
        endless.received([0xFF, 0xFF, 0xFF, 1, 1].span)
        endless.received([UInt8](repeating: 1, count: 1000).span)
        #expect(endless.refusal != nil)
    }

    @Test("what a transaction reads isn't kept, what opens one is")
    func transactions() throws {
        let inside = try CacheRecordings.recording("selectIn")
        #expect(capture(inside, status: [.inTransaction]) == .failure(.inTransaction))
        #expect(try capture(inside, status: []).get().bytes.count > 0)
        var policy = StoragePolicy()
        policy.keepsInTransaction = true
        #expect(try capture(inside, status: [.inTransaction], policy: policy).get().bytes.count > 0)
    }

    @Test("nothing of the session's state is kept")
    func sessionState() throws {
        let content = try capture(try CacheRecordings.recording("selectIn"), status: []).get()
        #expect(content.status == .noIndexUsed)
        #expect(try capture(try CacheRecordings.recording("rows")).get().status == .noIndexUsed)
    }

    @Test("an answer that breaks off, or breaks the protocol, isn't kept")
    func broken() throws {
        let rows = try CacheRecordings.recording("rows")
        for length in 0..<rows.bytes.count {
            #expect(capture(Array(rows.bytes.prefix(length)), rows.capabilities) == .failure(.malformed))
        }
        var swapped = rows.bytes
        swapped[3] = 7
        #expect(capture(swapped, rows.capabilities) == .failure(.malformed))
    }

    @Test("a note that definitions follow isn't kept; an answer without them isn't either")
    func leftOutDefinitions() throws {
        let deprecated = try CacheRecordings.recording("one", 2)
        for flag: Capabilities in [.optionalResultsetMetadata, .mariadbCacheMetadata] {
            let head: [UInt8] = [2, 0, 0, 1, 1, 1]
            let told = head + deprecated.bytes.dropFirst(5)
            let capabilities = deprecated.capabilities.union(flag)
            #expect(try capture(told, capabilities).get() == (try capture(deprecated).get()))
            let left: [UInt8] = [2, 0, 0, 1, 1, 0, 2, 0, 0, 2, 1, 0x31, 7, 0, 0, 3, 0xFE, 0, 0, 2, 0, 0, 0]
            #expect(capture(left, capabilities) == .failure(.withoutDefinitions))
        }
    }
}
