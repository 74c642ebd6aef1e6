import PluginAPI
import Pooling
import TestSupport
import Testing

@testable import RulesPlugin

@Suite("Sessions that wait for another one's answer, and the cache's room")
struct RulesWorkerWaitingTests {
    @Test("one execution for all who miss at once, on whichever loop")
    func oneExecution() throws {
        let rig = try CachingRig(loops: 2)
        let leader = rig.client(on: 0)
        #expect(leader.query() == "next")
        let others = [
            rig.client(on: 0), rig.client(on: 1, like: RecordedAnswers.classic), rig.client(on: 1),
        ]
        for other in others { #expect(other.query() == "waits") }
        try leader.isAnswered()
        rig.takeMail()
        for other in others {
            #expect(other.session.resumes == 1)
            #expect(other.goesOn() == "hit")
            #expect(try other.given == other.recording("rows").bytes)
        }
        #expect(rig.statistics.waits == 3)
        #expect(rig.statistics.hits == 3)
        #expect(rig.statistics.flights == 0)
    }

    @Test("when the answer isn't kept, all who wait go on alone")
    func refused() throws {
        let rig = try CachingRig(loops: 2)
        let leader = rig.client(like: RecordedAnswers.backend)
        let others = [
            rig.client(on: 0, like: RecordedAnswers.backend), rig.client(on: 1, like: RecordedAnswers.backend),
        ]
        _ = leader.query()
        for other in others { #expect(other.query() == "waits") }
        try leader.isAnswered("warn")
        rig.takeMail()
        for other in others { #expect(other.goesOn() == "next") }
        #expect(rig.client(like: RecordedAnswers.backend).query() == "next", "and nobody waits for the next one")
    }

    @Test("when the leader is gone, the one who has waited longest leads")
    func leaderGone() throws {
        let rig = try CachingRig(loops: 2)
        let (leader, heir, last) = (rig.client(on: 0), rig.client(on: 1), rig.client(on: 0))
        _ = leader.query()
        #expect(heir.query() == "waits")
        #expect(last.query() == "waits")
        leader.isLeft()
        rig.takeMail()
        #expect((heir.session.resumes, last.session.resumes) == (1, 0))
        #expect(heir.goesOn() == "next")
        try heir.isAnswered()
        rig.takeMail()
        #expect(last.goesOn() == "hit")
    }

    @Test("a lead that comes to a client that has gone is passed on")
    func heirGone() throws {
        let rig = try CachingRig(loops: 2)
        let (leader, heir, last) = (rig.client(on: 0), rig.client(on: 1), rig.client(on: 0))
        _ = leader.query()
        _ = heir.query()
        _ = last.query()
        leader.isLeft()
        heir.isLeft()
        rig.takeMail()
        #expect((heir.session.resumes, last.session.resumes) == (0, 1))
        #expect(last.goesOn() == "next")
        last.isLeft()
        #expect(rig.client().query() == "next")
    }

    @Test("a lead that a client has been told of and doesn't take is passed on")
    func heirGoneWhenTold() throws {
        let rig = try CachingRig()
        let (leader, heir, last) = (rig.client(), rig.client(), rig.client())
        _ = leader.query()
        _ = heir.query()
        _ = last.query()
        leader.isLeft()
        rig.takeMail()
        #expect(heir.session.resumes == 1)
        heir.isLeft()
        rig.takeMail()
        #expect(last.session.resumes == 1)
        #expect(last.goesOn() == "next")
    }

    @Test("who has waited long enough executes by itself, and isn't told any more")
    func patience() throws {
        let rig = try CachingRig()
        let (leader, other) = (rig.client(), rig.client())
        _ = leader.query()
        #expect(other.query() == "waits")
        rig.pass(10_001)
        // The chassis sends the statement without asking again.
        try other.isAnswered()
        try leader.isAnswered()
        rig.takeMail()
        #expect(other.session.resumes == 0)
        #expect(rig.client().query() == "hit")
    }

    @Test("a flush forgets what there is and what is under way, and lets nobody wait in vain")
    func flush() throws {
        let rig = try CachingRig()
        let (leader, other) = (rig.client(), rig.client())
        _ = leader.query("SELECT * FROM a")
        try leader.isAnswered()
        _ = leader.query("SELECT * FROM b")
        #expect(other.query("SELECT * FROM b") == "waits")
        rig.loops.flush(rig.book.cache)
        rig.takeMail()
        #expect(other.goesOn() == "next")
        try leader.isAnswered()
        rig.takeMail()
        #expect(leader.query("SELECT * FROM a") == "next")
        leader.isLeft()
        try other.isAnswered()
        rig.takeMail()
        #expect(leader.query("SELECT * FROM b") == "hit", "this one was asked for behind the flush")
        #expect(rig.statistics.entries == 1)
    }

    @Test("older answers make room, by bytes")
    func eviction() throws {
        let rig = try CachingRig()
        let client = rig.client()
        func ask(_ number: Int) throws -> String {
            let verdict = client.query("SELECT * FROM t\(number)")
            if verdict == "next" { try client.isAnswered() }
            return verdict
        }
        _ = try ask(0)
        let one = rig.statistics.memory
        rig.book.cache.limit = 3 * one + one / 2
        for number in 1...9 { #expect(try ask(number) == "next") }
        #expect(rig.statistics.memory == 3 * one)
        #expect((rig.statistics.entries, rig.statistics.evicted) == (3, 7))
        #expect(try ask(9) == "hit")
        rig.book.cache.limit = 0
        #expect(rig.statistics.entries == 0)
        #expect(try ask(9) == "next")
        #expect(try ask(9) == "next", "there is no room at all")
    }

    @Test("the cache's room is the variable's, from the moment on that it is set")
    func room() throws {
        let rig = try CachingRig()
        let client = rig.client()
        _ = client.query()
        try client.isAnswered()
        let variables = RulesVariables(book: rig.book, loops: rig.loops).all
        try #require(variables.first { $0.name == "mysql-query_cache_size_MB" }).apply("0")
        #expect(rig.statistics.entries == 0)
        #expect(rig.statistics.memory == 0)
    }

    @Test("answers that have run out are swept away without anybody asking")
    func sweeping() throws {
        let rig = try CachingRig()
        rig.workers[0].sweepCache()
        let client = rig.client()
        _ = client.query()
        try client.isAnswered()
        #expect(rig.statistics.entries == 1)
        rig.pass(3000)
        #expect(rig.statistics.entries == 0)
    }
}
