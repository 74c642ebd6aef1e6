import Pooling
import Testing

@testable import RulesPlugin

@Suite("Query cache: one execution for all who ask at once")
struct CacheFlightTests {
    @Test("the first leads, the others wait, and all get its answer in the order in which they came")
    func coalesced() throws {
        let rig = CacheRig()
        let lead = try rig.leads("a", session: 1)
        let waits = try [2, 3, 4].map { try rig.waits("a", session: $0) }
        let notices = rig.cache.store(CacheRig.content(7), lead, now: rig.now)
        #expect(notices.map(\.words) == ["2 answer of 7", "3 answer of 7", "4 answer of 7"])
        #expect(notices.map(\.wait) == waits)
        #expect(rig.ask("a", session: 5).answer?.length == 7)
        let statistics = rig.cache.statistics
        #expect((statistics.gets, statistics.hits, statistics.waits, statistics.sets) == (5, 4, 3, 1))
        #expect(statistics.bytesOut == 28)
        #expect(statistics.flights == 0)
    }

    @Test("keys don't wait for each other, nor do readers that ask alone")
    func separate() throws {
        let rig = CacheRig()
        _ = try rig.leads("a", session: 1)
        _ = try rig.leads("b", session: 2)
        let alone = try rig.leads("a")
        #expect(alone.turn == nil)
        #expect(rig.cache.store(CacheRig.content(), alone, now: rig.now).isEmpty)
    }

    @Test("an answer from elsewhere wakes all who wait, and the leader goes on")
    func fromElsewhere() throws {
        let rig = CacheRig()
        let lead = try rig.leads("a", session: 1)
        let alone = try rig.leads("a")
        _ = try rig.waits("a", session: 2)
        #expect(rig.cache.store(CacheRig.content(5), alone, now: rig.now).map(\.words) == ["2 answer of 5"])
        #expect(rig.cache.store(CacheRig.content(6), lead, now: rig.now).isEmpty)
        #expect(rig.ask("a").answer?.length == 6)
    }

    @Test("an answer that isn't kept sends all on alone; lasting reasons spare the next ones the wait")
    func refused() throws {
        for reason in NotKept.allCases {
            var rig = CacheRig()
            let lead = try rig.leads("a", session: 1)
            _ = try rig.waits("a", session: 2)
            _ = try rig.waits("a", session: 3)
            #expect(rig.cache.refuse(reason, lead, now: rig.now).map(\.words) == ["2 alone", "3 alone"])
            #expect((try rig.leads("a", session: 4).turn == nil) == reason.isLasting)
            #expect((rig.ask("a", session: 5).wait == nil) == reason.isLasting)
            rig.pass(1000)
            #expect(try rig.leads("a", session: 6).turn != nil)
        }
    }

    @Test("a mark is no answer, costs memory, and gives way to an answer")
    func marks() throws {
        let rig = CacheRig()
        _ = rig.cache.refuse(.tooLong, try rig.leads("a", session: 1), now: rig.now)
        #expect(!rig.has("a"))
        #expect(rig.cache.statistics.entries == 0)
        #expect(rig.cache.statistics.memory > 0)
        try rig.put("a", 10)
        #expect(rig.has("a"))
        #expect(rig.cache.statistics.memory == CacheRig.cost("a", 10))
        _ = rig.cache.refuse(.tooLong, try rig.leads("a", ttl: 0, session: 1), now: rig.now)
        #expect(rig.has("a"))
        #expect(rig.cache.statistics.memory == CacheRig.cost("a", 10))
    }

    @Test("when the leader is gone, the one who has waited longest leads, and the others wait for it")
    func passedOn() throws {
        let rig = CacheRig()
        let first = try rig.leads("a", session: 1)
        let gone = try rig.waits("a", session: 2)
        _ = try rig.waits("a", session: 3)
        _ = try rig.waits("a", session: 4)
        #expect(rig.cache.giveUp(gone))
        #expect(!rig.cache.giveUp(gone))
        let notice = try #require(rig.cache.abandon(first, now: rig.now))
        #expect(notice.words == "3 leads")
        #expect(rig.cache.abandon(first, now: rig.now) == nil)
        #expect(!rig.cache.giveUp(notice.wait))
        let second = try #require(notice.lead)
        #expect(rig.cache.refuse(.error, first, now: rig.now).isEmpty)
        #expect(rig.cache.store(CacheRig.content(), second, now: rig.now).map(\.words) == ["4 answer of 10"])
    }

    @Test("a lead that comes to a session that has gone is passed on; the last one ends the flight")
    func passedThrough() throws {
        let rig = CacheRig()
        let first = try rig.leads("a", session: 1)
        _ = try rig.waits("a", session: 2)
        let second = try #require(rig.cache.abandon(first, now: rig.now)?.lead)
        #expect(rig.cache.abandon(second, now: rig.now) == nil)
        #expect(rig.cache.statistics.flights == 0)
        #expect(try rig.leads("a", session: 3).turn != nil)
    }

    @Test("behind the deadline another leads, and the late answer is still of use")
    func deadline() throws {
        var rig = CacheRig()
        let slow = try rig.leads("a", session: 1, patience: 100)
        rig.pass(60)
        let wait = try rig.waits("a", session: 2, patience: 100)
        #expect(wait.until == MonotonicTime(nanoseconds: 100_000_001))
        let short = try rig.waits("a", session: 3, patience: 10)
        #expect(short.until == rig.now + .milliseconds(10))
        rig.pass(40)
        #expect(rig.cache.giveUp(wait))
        #expect(rig.cache.giveUp(short))
        let second = try rig.leads("a", session: 4)
        _ = try rig.waits("a", session: 5)
        #expect(rig.cache.store(CacheRig.content(3), slow, now: rig.now).map(\.words) == ["5 answer of 3"])
        #expect(rig.has("a"))
        #expect(rig.cache.store(CacheRig.content(4), second, now: rig.now).isEmpty)
    }

    @Test("who hasn't given up yet when another leads may still do so, or is told, and not both")
    func overtaken() throws {
        var rig = CacheRig()
        let slow = try rig.leads("a", session: 1, patience: 100)
        let late = try rig.waits("a", session: 2, patience: 100)
        _ = try rig.waits("a", session: 3, patience: 100)
        rig.pass(100)
        let second = try rig.leads("a", session: 4)
        #expect(rig.cache.giveUp(late))
        #expect(rig.cache.refuse(.error, slow, now: rig.now).isEmpty)
        #expect(rig.cache.store(CacheRig.content(), second, now: rig.now).map(\.words) == ["3 answer of 10"])
        #expect(rig.cache.statistics.flights == 0)
    }

    @Test("a flush has those who wait wait for an execution that begins after it")
    func flush() throws {
        let rig = CacheRig()
        let before = try rig.leads("a", session: 1)
        _ = try rig.waits("a", session: 2)
        _ = try rig.waits("a", session: 3)
        _ = try rig.leads("b", session: 4)
        let notices = rig.cache.flush(now: rig.now)
        #expect(notices.map(\.words) == ["2 leads"])
        #expect(rig.cache.store(CacheRig.content(), before, now: rig.now).isEmpty)
        #expect(!rig.has("a"))
        _ = try rig.waits("a", session: 5)
        let after = try #require(notices.first?.lead)
        let told = rig.cache.store(CacheRig.content(), after, now: rig.now).map(\.words)
        #expect(told == ["3 answer of 10", "5 answer of 10"])
        #expect(rig.has("a"))
        #expect(try rig.leads("b", session: 6).turn != nil)
    }

    @Test("answers too large to keep are still shared by those who wait")
    func sharedOnly() throws {
        let rig = CacheRig(limit: 100)
        let lead = try rig.leads("a", session: 1)
        _ = try rig.waits("a", session: 2)
        #expect(rig.cache.store(CacheRig.content(1000), lead, now: rig.now).map(\.words) == ["2 answer of 1000"])
        #expect(rig.cache.statistics.memory == 0)
    }
}
