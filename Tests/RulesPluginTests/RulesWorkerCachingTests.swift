import MySQLWire
import PluginAPI
import Pooling
import ProxyCore
import TestSupport
import Testing

@testable import RulesPlugin

@Suite("Answers from the query cache, by the hooks of the rules")
struct RulesWorkerCachingTests {
    static let profiles = [RecordedAnswers.classic, RecordedAnswers.deprecated]

    @Test(
        "a hit is what the server itself would have sent this client, with EOF packets or without",
        arguments: [0, 1], [0, 1])
    func hits(first: Int, second: Int) throws {
        for name in ["one", "rows", "types", "none"] {
            let rig = try CachingRig()
            let asking = rig.client(like: Self.profiles[first])
            #expect(asking.query() == "next")
            try asking.isAnswered(name)
            let other = rig.client(like: Self.profiles[second])
            #expect(other.query() == "hit")
            let wanted = try other.recording(name)
            #expect(other.given == wanted.bytes, "\(wanted)")
            #expect(rig.statistics.hits == 1)
            let counted = DigestReport(merging: rig.workers.map(\.digests.snapshot)).cells
            #expect(Set(counted.map { $0[0] }) == [Cell(0), Cell(-1)], "digests tell hits apart by hostgroup -1")
        }
    }

    @Test("what a client knows of its own session stands in its answer, not what the first one's was")
    func statusFlags() throws {
        let rig = try CachingRig()
        let asking = rig.client()
        _ = asking.query()
        try asking.isAnswered("one")
        let other = rig.client()
        other.session.status = [.autocommit, .noBackslashEscapes]
        #expect(other.query() == "hit")
        let end = try #require(other.given.packets.last?.payload)
        let ok = try OKPacket(decoding: end.span, capabilities: other.session.capabilities)
        #expect(ok.status == [.autocommit, .noBackslashEscapes])
    }

    @Test("an answer lives as long as its rule says, and not longer than the reader's")
    func lifetimes() throws {
        let rig = try CachingRig()
        let client = rig.client()
        _ = client.query()
        try client.isAnswered()
        rig.pass(900)
        #expect(client.query() == "hit")
        _ = try rig.section.load([[.cacheTTL: Cell(500)]])
        #expect(client.query() == "next")
        try client.isAnswered()
        _ = try rig.section.load([[.cacheTTL: Cell(1000)]])
        rig.pass(501)
        #expect(client.query() == "next", "it was kept for 500 ms")
        try client.isAnswered()
        rig.pass(1001)
        #expect(client.query() == "next")
    }

    @Test("whatever an answer may depend on keeps it to those who are alike")
    func keys() throws {
        let rig = try CachingRig([
            [.cacheTTL: Cell(1000)], [.matchPattern: .text("far"), .destinationHostgroup: Cell(1)],
        ])
        let first = rig.client()
        _ = first.query()
        try first.isAnswered()
        let differences: [(String, (ToldSession) -> Void)] = [
            ("schema", { $0.schemaBytes = Array("mall".utf8) }),
            ("settings", { $0.settings = [2] }),
            ("usual hostgroup", { $0.defaultHostgroup = 3 }),
            (
                "user",
                { session in
                    session.login = LoginRequest(
                        capabilities: session.capabilities, collation: 45, user: "bob", authResponse: [],
                        schema: "shop",
                        authMethod: "native")
                }
            ),
        ]
        for (what, change) in differences {
            let other = rig.client()
            change(other.session)
            #expect(other.query() == "next", "\(what)")
            other.isLeft()
        }
        #expect(rig.client().query("SELECT * FROM t ") == "next")
        #expect(rig.client(like: RecordedAnswers.backend).query() == "next", "extended metadata isn't in it")
        #expect(rig.client().query() == "hit")
    }

    @Test("the hostgroup that rules send a statement to is a part of its key")
    func destinationsInKeys() throws {
        let rig = try CachingRig()
        let client = rig.client()
        _ = client.query()
        try client.isAnswered()
        _ = try rig.section.load([[.cacheTTL: Cell(1000), .destinationHostgroup: Cell(1)]])
        #expect(client.query() == "next")
        client.isLeft()
        _ = try rig.section.load([[.cacheTTL: Cell(1000)]])
        #expect(client.query() == "hit")
    }

    @Test("a rewritten statement is kept by the text that is sent")
    func rewritten() throws {
        let rig = try CachingRig([
            [.cacheTTL: Cell(1000), .matchPattern: .text("old"), .replacePattern: .text("new")],
            [.cacheTTL: Cell(1000)],
        ])
        let client = rig.client()
        #expect(client.query("SELECT * FROM old").hasPrefix("replace"))
        try client.isAnswered()
        #expect(client.query("SELECT * FROM new") == "hit")
        #expect(client.query("SELECT * FROM old") == "hit")
    }

    @Test("inside transactions and pins the cache is passed by")
    func unfitSessions() throws {
        let rig = try CachingRig()
        let client = rig.client()
        _ = client.query()
        try client.isAnswered()
        let states: [(String, (ToldSession) -> Void)] = [
            ("transaction", { $0.status = [.autocommit, .inTransaction] }),
            ("read-only transaction", { $0.status = [.autocommit, .inReadOnlyTransaction] }),
            ("no autocommit", { $0.status = [] }),
            ("more than settings", { $0.settings = nil }),
            (
                "a script's server",
                { session in
                    session.route = Backend(endpoint: .tcp(host: "a", port: 1), role: .readWrite, index: 0)
                }
            ),
        ]
        for (what, change) in states {
            let other = rig.client()
            change(other.session)
            #expect(other.query() == "next", "\(what)")
            try other.isAnswered()
        }
        #expect(rig.statistics.gets == 1, "it isn't even asked")
    }

    @Test(
        "what isn't a plain read is none of its business",
        arguments: [
            "UPDATE t SET a = 1", "SELECT * FROM t FOR UPDATE", "SELECT @a", "SELECT LAST_INSERT_ID()",
            "SELECT GET_LOCK('a', 1)", "SHOW TABLES", "CALL p()", "SELECT FOUND_ROWS()",
            "SELECT 1 INTO @a", "SET autocommit = 1", "SELECT 'open",
        ])
    func unfitStatements(text: String) throws {
        let rig = try CachingRig()
        let client = rig.client()
        #expect(client.query(text) == "next")
        #expect(client.session.orders.keptBytes == 0)
        #expect(rig.statistics.gets == 0)
    }

    @Test("a backslash in a string is read as the session's server reads it")
    func backslashes() throws {
        let rig = try CachingRig()
        let client = rig.client()
        // With NO_BACKSLASH_ESCAPES the string ends behind the backslash, and a lock follows.
        let text = #"SELECT '\', GET_LOCK('a', 1), '\'"#
        client.session.status = [.autocommit, .noBackslashEscapes]
        #expect(client.query(text) == "next")
        #expect(client.session.orders.keptBytes == 0)
    }

    @Test("empty results: the rule's word, else the variable's")
    func emptyResults() throws {
        for (rule, variable, isKept) in [
            (nil, true, true), (nil, false, false), (0, true, false), (1, false, true),
        ] as [(Int?, Bool, Bool)] {
            let rig = try CachingRig([[.cacheTTL: Cell(1000), .cacheEmptyResult: rule.map { Cell($0) } ?? .null]])
            rig.book.change { $0.cachesEmptyResults = variable }
            let client = rig.client()
            _ = client.query()
            try client.isAnswered("none")
            #expect(client.query() == (isKept ? "hit" : "next"), "\(String(describing: rule)) \(variable)")
        }
    }

    @Test("errors, warnings and what is no result are not kept", arguments: ["error", "warn", "insert", "multi"])
    func notKept(name: String) throws {
        let rig = try CachingRig()
        let client = rig.client(like: RecordedAnswers.backend)
        _ = client.query()
        try client.isAnswered(name)
        #expect(client.query() == "next")
        #expect(rig.statistics.sets == 0)
    }
}
