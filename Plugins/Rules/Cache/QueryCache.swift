import Locking
import Pooling

/// The answers of the whole process to statements that a rule lets live for a while, for all loops.
///
/// Keys are spread over shards, each with a lock that is held for a look or a change and never for bytes of an answer.
/// Whoever leads an execution ends it by ``store(_:_:now:)``, ``refuse(_:_:now:)`` or ``abandon(_:now:)``, and posts the
/// notices that come of it to their loops.
///
/// When a leader's answer isn't kept, all who wait go on alone: it would most likely not be kept of theirs either, and
/// one after the other they would wait for as many executions as they are. The key is then marked for as long as an
/// answer would have lived, so that the next ones don't wait for nothing. When a leader is gone, its client or its backend,
/// that tells nothing of the answer: the one who has waited longest leads, for a statement that ended one backend should
/// not be sent by all of them at once.
final class QueryCache: Sendable {
    private let shards: [LockedShard]
    private let shift: UInt64
    private let bound: Atomic<Int>
    /// Bytes of all shards.
    private let used = Atomic<Int>(0)
    /// The shard where the next sweep begins.
    private let sweepShard = Atomic<Int>(0)

    /// - Parameters:
    ///   - limit: the most bytes, what is kept about each answer included.
    ///   - shardBits: the logarithm to base 2 of the number of shards, 0 to 16.
    init(limit: Int, shardBits: Int = 4) {
        shards = (0..<1 << shardBits).map { _ in LockedShard() }
        shift = UInt64(64 - shardBits)
        bound = Atomic(limit)
    }

    /// The place of the shard that has the key.
    func shard(of key: CacheKey) -> Int {
        Int(truncatingIfNeeded: key.hash >> shift)
    }

    /// What the cache has for a statement with this key.
    func lookup(_ key: CacheKey, _ reader: CacheReader, now: MonotonicTime) -> CacheLookup {
        change(shard(of: key)) { $0.lookup(key, reader, now: now, dropped: &$1) }
    }

    /// Ends a wait whose deadline has passed, or whose session is gone.
    ///
    /// - Returns: false where a notice is on its way or was there, which the receiver has to see to: a lead in it is to be
    ///   passed on.
    @discardableResult
    func giveUp(_ wait: CacheWait) -> Bool {
        shards[shard(of: wait.key)].withLock { $0.giveUp(wait) }
    }

    /// What the cache holds and has done.
    var statistics: QueryCacheStatistics {
        var sum = QueryCacheStatistics()
        for shard in shards { sum += shard.withLock { $0.statistics } }
        return sum
    }

    // MARK: Ends of executions

    /// The leader has an answer.
    func store(_ content: AnswerContent, _ lead: CacheLead, now: MonotonicTime) -> [CacheNotice] {
        let answer = CachedAnswer(content, key: lead.key, ttl: lead.ttl, now: now)
        let fits = answer.cost <= limit
        let index = shard(of: lead.key)
        let notices = change(index) { $0.store(answer, lead, fits: fits, dropped: &$1) }
        makeRoom(from: index, keeping: answer)
        return notices
    }

    /// The leader's answer isn't kept.
    func refuse(_ reason: NotKept, _ lead: CacheLead, now: MonotonicTime) -> [CacheNotice] {
        let mark = reason.isLasting ? CachedAnswer(nil, key: lead.key, ttl: lead.ttl, now: now) : nil
        let index = shard(of: lead.key)
        let notices = change(index) { $0.refuse(lead, mark: mark, dropped: &$1) }
        makeRoom(from: index, keeping: mark)
        return notices
    }

    /// The leader ends without an answer: its client or its backend is gone.
    func abandon(_ lead: CacheLead, now: MonotonicTime) -> CacheNotice? {
        shards[shard(of: lead.key)].withLock { $0.abandon(lead, now: now) }
    }

    // MARK: Room

    /// The most bytes; a lower one than before takes answers out at once.
    var limit: Int {
        get { bound.load(ordering: .relaxed) }
        set(limit) {
            bound.store(limit, ordering: .relaxed)
            makeRoom(from: 0, keeping: nil)
        }
    }

    /// Looks for answers that have run out, and takes them out; a few slots at a time under a lock.
    ///
    /// - Parameter budget: how many slots to look at; the next call goes on behind them.
    func sweep(budget: Int, now: MonotonicTime) {
        var rest = budget
        var index = sweepShard.load(ordering: .relaxed)
        while rest > 0 {
            let part = min(rest, 64)
            rest -= part
            if change(index, { $0.sweep(budget: part, now: now, into: &$1) }) { index = (index + 1) % shards.count }
        }
        sweepShard.store(index, ordering: .relaxed)
    }

    /// Takes all answers out; one that was asked for before isn't kept when it comes.
    func flush(now: MonotonicTime) -> [CacheNotice] {
        shards.indices.flatMap { index in change(index) { $0.flush(now: now, into: &$1) } }
    }

    /// Takes out what was used longest ago in one shard, then in the next one, until the rest is within the limit.
    private func makeRoom(from start: Int, keeping kept: CachedAnswer?) {
        var (index, failures) = (start, 0)
        while used.load(ordering: .relaxed) > limit, failures < shards.count {
            failures = change(index) { $0.evict(but: kept, into: &$1) } ? 0 : failures + 1
            index = (index + 1) % shards.count
        }
    }

    /// Changes a shard and the sum of bytes; what left the shard is freed behind the lock.
    private func change<Answer: Sendable>(
        _ index: Int, _ body: (inout CacheShard, inout [CachedAnswer]) -> Answer
    ) -> Answer {
        var dropped: [CachedAnswer] = []
        let (answer, growth) = shards[index].withLock { shard in
            let before = shard.memory
            let answer = body(&shard, &dropped)
            return (answer, shard.memory - before)
        }
        if growth != 0 { used.wrappingAdd(growth, ordering: .relaxed) }
        withExtendedLifetime(dropped) {}
        return answer
    }
}
