import Foundation
import Pooling
import Testing

@testable import Telemetry

@Suite("The funnel's report")
struct ReportTests {
    private let now = MonotonicTime(nanoseconds: 5_000_000_000)

    /// A book with a connection of user 0 that is in a transaction, and user 1 waiting since 250 ms.
    private func book() -> LeaseBook {
        var policy = LeasePolicy()
        policy.maximum = 1
        var book = LeaseBook(policy: policy, loops: 1, seed: 1)
        var steps: [LeaseStep] = []
        request(0, of: 0, in: &book, at: MonotonicTime(nanoseconds: 1), &steps)
        if case .open(let id, _, _) = steps.first {
            book.opened(id, now: MonotonicTime(nanoseconds: 2), &steps)
            book.pinned(id, .transaction)
            book.pinned(id, .temporaryTable)
            book.unpinned(id, .temporaryTable)
        }
        request(1, of: 1, in: &book, at: MonotonicTime(nanoseconds: now.nanoseconds - 250_000_000), &steps)
        return book
    }

    private func request(
        _ session: UInt64, of user: Int, in book: inout LeaseBook, at time: MonotonicTime, _ steps: inout [LeaseStep]
    ) {
        let request = LeaseRequest(
            session: SessionID(session), user: UserID(user), loop: LoopID(0), ticket: session, arrived: time)
        book.requested(request, now: time, &steps)
    }

    private func loop(_ statements: Int, of user: Int = 0) -> LoopNumbers {
        var numbers = LoopNumbers()
        numbers.update(backend: 0, user: UserID(user)) { numbers in
            numbers.counters.statements = statements
            numbers.counters.preparedHits = 2
            for _ in 0..<statements { numbers.latencies.record(.backendTime, .milliseconds(UInt64(statements))) }
        }
        return numbers
    }

    private func report(users: [[UInt8]], _ loops: LoopNumbers...) -> FunnelReport {
        FunnelReport(
            backends: [(name: "10.0.0.5:3306", leases: LeaseReport(book: book(), now: now))], users: users,
            loops: loops,
            connectBacklog: ConnectBacklogReport(backlog: ConnectBacklog(policy: AdmissionPolicy()), now: now))
    }

    /// The member of the report's JSON at this path, written as JSON again.
    private func member(_ path: String, of report: FunnelReport) throws -> String {
        var value = try JSONSerialization.jsonObject(with: Data(try report.jsonLine().utf8))
        for name in path.split(separator: ".") {
            if let index = Int(name) {
                let array = try #require(value as? [Any])
                value = try #require(array.indices.contains(index) ? array[index] : nil)
            } else {
                value = try #require((value as? [String: Any])?[String(name)])
            }
        }
        let data = try JSONSerialization.data(withJSONObject: value, options: [.sortedKeys, .fragmentsAllowed])
        return String(decoding: data, as: UTF8.self)
    }

    @Test("has the book's numbers by backend and by user")
    func leases() throws {
        let report = report(users: [Array("app".utf8), Array("job".utf8)])
        for (path, value) in [
            ("backends.0.name", #""10.0.0.5:3306""#), ("backends.0.max", "1"), ("backends.0.up", "true"),
            ("backends.0.connections", #"{"checking":0,"closing":0,"leased":1,"opening":0,"resting":0}"#),
            ("backends.0.opened", "1"), ("backends.0.closed", "{}"),
            ("backends.0.backlog.waiting", "1"), ("backends.0.backlog.oldest_wait_us", "250000"),
            ("backends.0.backlog.peak", "1"), ("backends.0.backlog.timeouts", "0"),
            ("backends.0.pins", #"{"all":{"temporary_table":1,"transaction":1},"now":{"transaction":1}}"#),
            ("backends.0.users.0.name", #""app""#), ("backends.0.users.0.connections.leased", "1"),
            ("backends.0.users.0.pins.now", #"{"transaction":1}"#), ("backends.0.users.0.backlog.waiting", "0"),
            ("backends.0.users.1.name", #""job""#), ("backends.0.users.1.connections.leased", "0"),
            ("backends.0.users.1.pins.now", "{}"), ("backends.0.users.1.backlog.oldest_wait_us", "250000"),
            ("connect_backlog.waiting", "0"), ("connect_backlog.max", "10000"),
        ] {
            #expect(try member(path, of: report) == value, "\(path)")
        }
    }

    @Test("adds the loops' numbers up, for each user and for the backend")
    func loops() throws {
        let report = report(users: [Array("app".utf8), Array("job".utf8)], loop(3), loop(1), loop(5, of: 1))
        for (path, value) in [
            ("backends.0.statements", "9"), ("backends.0.users.0.statements", "4"),
            ("backends.0.users.1.statements", "5"), ("backends.0.prepared", #"{"hits":6,"misses":0}"#),
            ("backends.0.phases.backend_time.count", "9"), ("backends.0.phases.backend_time.max_us", "5000"),
            ("backends.0.users.0.phases.backend_time.count", "4"),
            ("backends.0.users.0.phases.backend_time.min_us", "1000"),
            ("backends.0.users.0.phases.backend_time.mean_us", "2500"),
            ("backends.0.users.0.phases.backend_time.p99_us", "3000"),
        ] {
            #expect(try member(path, of: report) == value, "\(path)")
        }
        #expect(report.backends[0].users[0].pool[.transfer].summary == nil)
        #expect(try member("backends.0.phases", of: report).contains("transfer") == false)
    }

    @Test("lists the sessions that keep a connection, the longest first, with all their reasons")
    func pinned() throws {
        var one = PinSet()
        one.insert(.temporaryTable)
        var two = one
        two.insert(.transaction)
        let report = FunnelReport(
            backends: [], users: [], loops: [],
            pinned: [
                PinnedSession(client: 7, user: "app", backend: "a:1", pins: one, held: .milliseconds(1)),
                PinnedSession(client: 9, user: "job", backend: "b:2", pins: two, held: .seconds(2)),
            ])
        #expect(
            try member("pinned.0", of: report)
                == #"{"backend":"b:2","client":9,"held_us":2000000,"reasons":["transaction","temporary_table"],"user":"job"}"#
        )
        #expect(try member("pinned.1.client", of: report) == "7")
    }

    @Test("a user without a name is called by its number, one that did nothing is left out")
    func strangers() {
        let report = report(users: [Array("app".utf8)], loop(1, of: 4))
        #expect(report.backends[0].users.map(\.name) == ["app", "#1", "#4"])
    }

    @Test("is one line of JSON, whatever names clients give")
    func hostileNames() throws {
        let name = Array("\"\\\n\u{1}\u{7f}\u{9b}\u{2028}\u{202e}/é".utf8) + [0xff]
        let line = try report(users: [name]).jsonLine()
        #expect(line.contains(#""\"\\\n\u0001\u007f\u009b\u2028\u202e/é"# + "\u{fffd}\""))
        let hasControl = line.unicodeScalars.contains {
            $0.properties.generalCategory == .control || $0.properties.generalCategory == .lineSeparator
                || $0.properties.generalCategory == .format
        }
        #expect(!hasControl)
        #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(line.utf8)) }
    }

    @Test("a number that is not finite is refused")
    func infinity() {
        #expect(throws: EncodingError.self) { try [Double.infinity].jsonLine() }
    }

    @Test(
        "reasons become keys",
        arguments: [
            ("backlogFull", "backlog_full"), ("temporary table", "temporary_table"), ("LOCK TABLES", "lock_tables"),
            ("GET_LOCK", "get_lock"), ("age", "age"),
        ])
    func keys(words: String, key: String) {
        #expect(reportKey(words) == key)
    }
}

@Suite("Gathering values from loops")
struct GatheringTests {
    @Test("ends when the last one has come, with all of them", arguments: [0, 1, 8])
    func gathering(count: Int) async {
        let values: [Int] = await withCheckedContinuation { continuation in
            let gathering = Gathering<Int>(of: count) { continuation.resume(returning: $0) }
            for number in 0..<count {
                Thread.detachNewThread { gathering.add(number) }
            }
        }
        #expect(values.sorted() == Array(0..<count))
    }

    @Test("does not end before")
    func incomplete() async throws {
        try await confirmation(expectedCount: 0) { ended in
            let gathering = Gathering<Int>(of: 2) { _ in ended() }
            gathering.add(1)
            try await Task.sleep(for: .milliseconds(50))
        }
    }
}
