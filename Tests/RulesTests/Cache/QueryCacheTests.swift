import Pooling
import Testing

@testable import RulesPlugin

@Suite("Query cache: how long answers stay")
struct QueryCacheTests {
    @Test("an answer is there until its time is over, to the nanosecond")
    func ttl() throws {
        var rig = CacheRig()
        try rig.put("a", ttl: 50)
        #expect(rig.has("a"))
        rig.now = rig.now + TimeSpan(nanoseconds: 49_999_999)
        #expect(rig.has("a"))
        rig.now = rig.now + TimeSpan(nanoseconds: 1)
        #expect(!rig.has("a"))
        #expect(rig.cache.statistics.entries == 0)
    }

    @Test("the reader's rule counts too, but takes nothing from others")
    func readersTTL() throws {
        var rig = CacheRig()
        try rig.put("a", ttl: 50)
        rig.pass(20)
        #expect(!rig.has("a", ttl: 20))
        #expect(rig.has("a", ttl: 21))
        rig.pass(30)
        #expect(!rig.has("a", ttl: 10_000))
    }

    @Test("a reader with the shorter time brings a fresh answer for all")
    func refreshed() throws {
        var rig = CacheRig()
        try rig.put("a", ttl: 50)
        rig.pass(20)
        let lead = try rig.leads("a", ttl: 10)
        _ = rig.cache.store(CacheRig.content(20), lead, now: rig.now)
        #expect(rig.ask("a").answer?.length == 20)
        #expect(rig.cache.statistics.entries == 1)
        #expect(rig.cache.statistics.purged == 1)
    }

    @Test("what was used longest ago leaves first, and just enough of it")
    func leastRecentlyUsed() throws {
        let each = CacheRig.cost("a", 1000)
        let rig = CacheRig(limit: 3 * each)
        for text in ["a", "b", "c"] { try rig.put(text, 1000) }
        #expect(rig.cache.statistics.memory == 3 * each)
        #expect(rig.has("a"))
        try rig.put("d", 1000)
        #expect(["a", "b", "c", "d"].map { rig.has($0) } == [true, false, true, true])
        #expect(rig.cache.statistics.evicted == 1)
    }

    @Test("an answer over the limit isn't kept, one of the limit is, alone")
    func tooLarge() throws {
        let rig = CacheRig(limit: CacheRig.cost("a", 1000), shardBits: 3)
        try rig.put("a", 1001)
        #expect(!rig.has("a"))
        try rig.put("b", 10)
        try rig.put("c", 1000)
        #expect(rig.has("c"))
        #expect(!rig.has("b"))
    }

    @Test("a lower limit takes effect at once, a higher one makes room")
    func limitChanges() throws {
        let each = CacheRig.cost("10", 1000)
        let rig = CacheRig(limit: 10 * each, shardBits: 2)
        for number in 10..<20 { try rig.put("\(number)", 1000) }
        #expect(rig.cache.statistics.entries == 10)
        rig.cache.limit = 4 * each
        #expect(rig.cache.statistics.entries == 4)
        rig.cache.limit = 5 * each
        try rig.put("30", 1000)
        #expect(rig.cache.statistics.entries == 5)
        rig.cache.limit = 0
        #expect(rig.cache.statistics.memory == 0)
        try rig.put("31", 1)
        #expect(rig.cache.statistics.entries == 0)
    }

    @Test("a sweep looks at no more than its budget, and at everything in the end")
    func sweep() throws {
        var rig = CacheRig(shardBits: 2)
        for number in 0..<100 { try rig.put("short \(number)", ttl: 10) }
        for number in 0..<100 { try rig.put("long \(number)", ttl: 10_000) }
        rig.cache.sweep(budget: 1000, now: rig.now)
        #expect(rig.cache.statistics.entries == 200)
        rig.pass(10)
        rig.cache.sweep(budget: 30, now: rig.now)
        #expect((170...200).contains(rig.cache.statistics.entries))
        for _ in 0..<40 { rig.cache.sweep(budget: 30, now: rig.now) }
        #expect(rig.cache.statistics.entries == 100)
        #expect(rig.cache.statistics.purged == 100)
        #expect(rig.cache.statistics.evicted == 0)
    }

    @Test("a flush takes all out, and what was asked for before it isn't kept")
    func flush() throws {
        let rig = CacheRig(shardBits: 2)
        for number in 0..<50 { try rig.put("\(number)") }
        let before = try rig.leads("late")
        #expect(rig.cache.flush(now: rig.now).isEmpty)
        #expect(rig.cache.statistics.entries == 0)
        #expect(rig.cache.statistics.memory == 0)
        #expect(rig.cache.statistics.purged == 50)
        _ = rig.cache.store(CacheRig.content(), before, now: rig.now)
        #expect(!rig.has("late"))
        try rig.put("late")
        #expect(rig.has("late"))
    }

    @Test("counters have ProxySQL's names and meaning")
    func counters() throws {
        let rig = CacheRig()
        try rig.put("a", 100)
        try rig.put("b", 50)
        #expect(rig.has("a"))
        #expect(rig.has("a"))
        let rows = Dictionary(uniqueKeysWithValues: rig.cache.statistics.rows.map { ($0.name, $0.value) })
        let memory = CacheRig.cost("a", 100) + CacheRig.cost("b", 50)
        #expect(
            rows == [
                "Query_Cache_Memory_bytes": UInt64(memory), "Query_Cache_count_GET": 4, "Query_Cache_count_GET_OK": 2,
                "Query_Cache_count_SET": 2, "Query_Cache_bytes_IN": 150, "Query_Cache_bytes_OUT": 200,
                "Query_Cache_Purged": 0, "Query_Cache_Entries": 2, "Query_Cache_count_WAIT": 0,
                "Query_Cache_Evicted": 0,
            ])
    }

    @Test("an answer handed out stays whole while it leaves the cache")
    func handedOut() throws {
        let rig = CacheRig()
        try rig.put("a", 1000)
        let answer = try #require(rig.ask("a").answer)
        _ = rig.cache.flush(now: rig.now)
        #expect(answer.content == CacheRig.content(1000))
    }
}
