import MySQLWire
import Pooling
import Testing

@testable import RulesPlugin

/// The cache as one would write it down: an array in the order of use, searched from end to end.
private struct NaiveCache {
    struct Entry {
        var key: String
        var byte: UInt8
        var length: Int
        var cost: Int
        var storedAt: MonotonicTime
        var expires: MonotonicTime
    }

    /// The one used longest ago first.
    var entries: [Entry] = []
    var limit: Int

    mutating func get(_ key: String, ttl: TimeSpan, now: MonotonicTime) -> Entry? {
        guard let index = entries.firstIndex(where: { $0.key == key }) else { return nil }
        let entry = entries[index]
        if now >= entry.expires {
            entries.remove(at: index)
            return nil
        }
        guard now < entry.storedAt + ttl else { return nil }
        entries.append(entries.remove(at: index))
        return entry
    }

    mutating func set(_ entry: Entry) {
        guard entry.cost <= limit else { return }
        entries.removeAll { $0.key == entry.key }
        entries.append(entry)
        trim()
    }

    mutating func trim() {
        while entries.reduce(0, { $0 + $1.cost }) > limit { entries.removeFirst() }
    }

    mutating func sweep(now: MonotonicTime) { entries.removeAll { now >= $0.expires } }
}

@Suite("Query cache: the same as a naive model")
struct QueryCacheModelTests {
    struct Random: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (state ^ (state >> 33)) &* 0xFF51_AFD7_ED55_8CCD
        }
    }

    @Test("after any sequence of events", arguments: 0..<40 as Range<UInt64>)
    func differential(seed: UInt64) throws {
        var random = Random(state: seed)
        let limit = Int.random(in: 1000...20_000, using: &random)
        var rig = CacheRig(limit: limit)
        var model = NaiveCache(limit: limit)
        let keys = (0..<Int.random(in: 2...60, using: &random)).map { "SELECT \($0)" }
        var (gets, hits, sets) = (0, 0, 0)
        for step in 0..<2000 {
            rig.now = rig.now + TimeSpan(nanoseconds: UInt64.random(in: 0...2_000_000, using: &random))
            let key = keys.randomElement(using: &random) ?? ""
            let ttl = UInt64.random(in: 1...100, using: &random)
            switch Int.random(in: 0..<100, using: &random) {
            case 0:
                #expect(rig.cache.flush(now: rig.now).isEmpty)
                model.entries = []
            case 1:
                model.limit = Int.random(in: 0...20_000, using: &random)
                model.trim()
                rig.cache.limit = model.limit
            case 2...4:
                rig.cache.sweep(budget: 1000, now: rig.now)
                model.sweep(now: rig.now)
            default:
                let found = rig.ask(key, ttl: ttl)
                let wanted = model.get(key, ttl: .milliseconds(ttl), now: rig.now)
                gets += 1
                hits += wanted == nil ? 0 : 1
                #expect(found.answer?.content?.bytes.first == wanted?.byte, "step \(step)")
                #expect(found.answer?.length == wanted?.length, "step \(step)")
                guard let lead = found.lead, Bool.random(using: &random) else { break }
                let length = Int.random(in: 1...3000, using: &random)
                let byte = UInt8.random(in: 0...255, using: &random)
                let cost = CacheRig.cost(key, length)
                #expect(rig.cache.store(CacheRig.content(length, byte: byte), lead, now: rig.now).isEmpty)
                if cost <= model.limit { sets += 1 }
                model.set(
                    NaiveCache.Entry(
                        key: key, byte: byte, length: length, cost: cost, storedAt: rig.now,
                        expires: rig.now + .milliseconds(ttl)))
            }
            let statistics = rig.cache.statistics
            #expect(statistics.entries == model.entries.count, "step \(step)")
            #expect(statistics.memory == model.entries.reduce(0) { $0 + $1.cost }, "step \(step)")
            #expect(statistics.memory <= model.limit)
            #expect(statistics.sets == statistics.purged + UInt64(statistics.entries))
        }
        let statistics = rig.cache.statistics
        #expect(statistics.gets == UInt64(gets))
        #expect(statistics.hits == UInt64(hits))
        #expect(statistics.sets == UInt64(sets))
        #expect(hits > 0)
    }

    @Test("over many shards the limit holds for all of them together")
    func manyShards() throws {
        var random = Random(state: 99)
        let rig = CacheRig(limit: 100_000, shardBits: 4)
        for number in 0..<5000 {
            try rig.put("SELECT \(number)", Int.random(in: 1...30_000, using: &random))
            let statistics = rig.cache.statistics
            #expect(statistics.memory <= 100_000)
            #expect(rig.has("SELECT \(number)"))
        }
        #expect(rig.cache.statistics.memory > 60_000)
    }
}
