import Pooling

/// The answers and executions of a part of all keys; whoever has its lock calls it.
///
/// What leaves is handed out, so that nothing large is freed under the lock.
struct CacheShard: Sendable {
    private var table = CacheTable()
    private var flights = CacheFlights()
    private var counters = QueryCacheStatistics()
    /// How many flushes there were.
    private var epoch: UInt64 = 0
    /// Where the next sweep begins.
    private var sweepSlot = 0

    /// Bytes that the shard's answers take up.
    var memory: Int { counters.memory }

    /// What is to be known of the shard now.
    var statistics: QueryCacheStatistics {
        var statistics = counters
        statistics.flights = flights.count
        return statistics
    }

    // MARK: Reading

    /// Looks the key up for a reader; an answer that has run out leaves.
    mutating func lookup(
        _ key: CacheKey, _ reader: CacheReader, now: MonotonicTime, dropped: inout [CachedAnswer]
    ) -> CacheLookup {
        counters.gets &+= 1
        if let slot = table.slot(of: key), let answer = table.answer(in: slot) {
            if answer.isValid(for: reader.ttl, now: now) {
                guard answer.content != nil else { return .miss(lead(key, reader, turn: nil)) }
                table.touch(slot)
                count(hit: answer)
                return .hit(answer)
            }
            if now >= answer.expires { remove(slot, into: &dropped) }
        }
        guard let address = reader.address else { return .miss(lead(key, reader, turn: nil)) }
        switch flights.join(key, reader, address, now: now) {
        case .leads(let turn): return .miss(lead(key, reader, turn: turn))
        case .waits(let wait):
            counters.waits &+= 1
            return .wait(wait)
        }
    }

    mutating func giveUp(_ wait: CacheWait) -> Bool { flights.giveUp(wait) }

    private func lead(_ key: CacheKey, _ reader: CacheReader, turn: UInt64?) -> CacheLead {
        CacheLead(key: key, ttl: reader.ttl, epoch: epoch, turn: turn)
    }

    private mutating func count(hit answer: CachedAnswer) {
        counters.hits &+= 1
        counters.bytesOut &+= UInt64(answer.length)
    }

    // MARK: Ends of executions

    /// An execution brought an answer; all who wait for it are told.
    ///
    /// - Parameter fits: whether the answer may be kept.
    mutating func store(
        _ answer: CachedAnswer, _ lead: CacheLead, fits: Bool, dropped: inout [CachedAnswer]
    ) -> [CacheNotice] {
        var notices = flights.end(lead.key, turn: lead.turn, with: .answer(answer))
        // Whoever came after a flush wants no answer from before it.
        if lead.epoch == epoch {
            if fits { insert(answer, dropped: &dropped) }
            notices += flights.tell(lead.key, .answer(answer))
        }
        for _ in notices { count(hit: answer) }
        return notices
    }

    /// An execution's answer isn't kept: those who wait go on alone, at once, and in future without a wait if `mark` is
    /// given.
    mutating func refuse(_ lead: CacheLead, mark: CachedAnswer?, dropped: inout [CachedAnswer]) -> [CacheNotice] {
        if let mark { insertMark(mark, dropped: &dropped) }
        return flights.end(lead.key, turn: lead.turn, with: .alone)
    }

    /// The leader is gone without an answer.
    mutating func abandon(_ lead: CacheLead, now: MonotonicTime) -> CacheNotice? {
        flights.passOn(lead.key, turn: lead.turn, epoch: epoch, now: now)
    }

    private mutating func insert(_ answer: CachedAnswer, dropped: inout [CachedAnswer]) {
        if let slot = table.slot(of: answer.key) { remove(slot, into: &dropped) }
        table.insert(answer)
        counters.memory += answer.cost
        guard answer.content != nil else { return }
        counters.entries += 1
        counters.sets &+= 1
        counters.bytesIn &+= UInt64(answer.length)
    }

    /// A mark never takes the place of an answer that somebody may still read.
    private mutating func insertMark(_ mark: CachedAnswer, dropped: inout [CachedAnswer]) {
        if let slot = table.slot(of: mark.key), let answer = table.answer(in: slot), answer.content != nil,
            mark.storedAt < answer.expires
        {
            return dropped.append(mark)
        }
        insert(mark, dropped: &dropped)
    }

    // MARK: Leaving

    /// Takes the answer out that was used longest ago, but not `kept`; false without any other.
    mutating func evict(but kept: CachedAnswer?, into dropped: inout [CachedAnswer]) -> Bool {
        guard let slot = table.oldestSlot, table.answer(in: slot) !== kept else { return false }
        if table.answer(in: slot)?.content != nil { counters.evicted &+= 1 }
        remove(slot, into: &dropped)
        return true
    }

    /// Looks at `budget` slots, and takes those out that have run out.
    ///
    /// - Returns: whether it has come to the last slot; the next sweep begins with the first one then.
    mutating func sweep(budget: Int, now: MonotonicTime, into dropped: inout [CachedAnswer]) -> Bool {
        let end = min(table.slots.upperBound, sweepSlot + budget)
        for slot in min(sweepSlot, end)..<end {
            if let answer = table.answer(in: slot), now >= answer.expires { remove(slot, into: &dropped) }
        }
        sweepSlot = end < table.slots.upperBound ? end : 0
        return sweepSlot == 0
    }

    /// Takes all out; executions under way bring nothing that is kept, and those who wait for them wait for a new one.
    mutating func flush(now: MonotonicTime, into dropped: inout [CachedAnswer]) -> [CacheNotice] {
        epoch &+= 1
        for slot in table.slots where table.answer(in: slot) != nil { remove(slot, into: &dropped) }
        table = CacheTable()
        sweepSlot = 0
        return flights.passOnAll(epoch: epoch, now: now)
    }

    private mutating func remove(_ slot: Int, into dropped: inout [CachedAnswer]) {
        guard let answer = table.remove(slot) else { return }
        dropped.append(answer)
        counters.memory -= answer.cost
        guard answer.content != nil else { return }
        counters.entries -= 1
        counters.purged &+= 1
    }
}
