import Glibc
import Pooling
import Synchronization
import Testing

@testable import RulesPlugin

/// A mailbox with pthread's lock, which the thread sanitizer follows.
private final class Mailbox: @unchecked Sendable {
    private let lock: UnsafeMutablePointer<pthread_mutex_t> = .allocate(capacity: 1)
    private var notices: [CacheNotice] = []

    init() { pthread_mutex_init(lock, nil) }

    deinit {
        pthread_mutex_destroy(lock)
        lock.deallocate()
    }

    func post(_ notice: CacheNotice) {
        pthread_mutex_lock(lock)
        notices.append(notice)
        pthread_mutex_unlock(lock)
    }

    func take() -> [CacheNotice] {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        defer { notices = [] }
        return notices
    }
}

/// What all loops of one run share.
private final class Shared: Sendable {
    let cache: QueryCache
    let boxes: [Mailbox]
    /// Turns of the shared clock, in milliseconds.
    let clock = Atomic<UInt64>(1)
    /// Executions under way that others may wait for, by key.
    let running: [Shared.Count]
    let ended = Atomic<Int>(0)

    final class Count: Sendable {
        let value = Atomic<Int>(0)
        let most = Atomic<Int>(0)
    }

    init(loops: Int, keys: Int) {
        cache = QueryCache(limit: 200_000, shardBits: 1)
        boxes = (0..<loops).map { _ in Mailbox() }
        running = (0..<keys).map { _ in Count() }
    }

    var now: MonotonicTime { MonotonicTime(nanoseconds: clock.load(ordering: .relaxed) * 1_000_000) }

    func post(_ notices: [CacheNotice]) {
        for notice in notices { boxes[notice.address.loop].post(notice) }
    }
}

/// A loop with sessions that ask, lead, die and give up as the seed has it.
private struct Loop {
    let number: Int
    let shared: Shared
    var random: QueryCacheModelTests.Random
    let patience: TimeSpan
    let flushes: Bool
    var nextSession: UInt64 = 0
    /// Who waits, by session.
    var waiting: [UInt64: CacheWait] = [:]
    /// Executions under way, and their keys' numbers.
    var leading: [(lead: CacheLead, key: Int)] = []
    /// Waits given up with a notice still to come.
    var givenUp: Set<CacheWait> = []
    var asked = 0

    mutating func run(queries: Int) {
        // A notice for who has given up may bring a lead, which is to be passed on.
        while asked < queries || !waiting.isEmpty || !leading.isEmpty || !givenUp.isEmpty {
            shared.clock.wrappingAdd(1, ordering: .relaxed)
            for notice in shared.boxes[number].take() { take(notice) }
            if asked < queries, waiting.count < 20 { ask() }
            if let index = leading.indices.randomElement(using: &random) { end(leading.remove(at: index)) }
            giveUpSome()
            if random.next() % 64 == 0 { shared.cache.sweep(budget: 8, now: shared.now) }
            if flushes, random.next() % 500 == 0 { shared.post(shared.cache.flush(now: shared.now)) }
        }
    }

    private mutating func ask() {
        asked += 1
        nextSession += 1
        let key = Int(random.next() % UInt64(shared.running.count))
        let address = random.next() % 8 == 0 ? nil : CacheAddress(loop: number, session: nextSession)
        let reader = CacheReader(ttl: .milliseconds(random.next() % 20), address: address, patience: patience)
        switch shared.cache.lookup(CacheRig.key("SELECT \(key)"), reader, now: shared.now) {
        case .hit: shared.ended.wrappingAdd(1, ordering: .relaxed)
        case .miss(let lead): begin(lead, key)
        case .wait(let wait): waiting[nextSession] = wait
        }
    }

    private mutating func begin(_ lead: CacheLead, _ key: Int) {
        if lead.turn != nil {
            let now = shared.running[key].value.wrappingAdd(1, ordering: .relaxed).newValue
            shared.running[key].most.max(now, ordering: .relaxed)
        }
        leading.append((lead, key))
    }

    private mutating func end(_ execution: (lead: CacheLead, key: Int)) {
        // Counted before it ends: another may lead the moment the cache knows.
        if execution.lead.turn != nil { shared.running[execution.key].value.wrappingSubtract(1, ordering: .relaxed) }
        let (cache, lead, now) = (shared.cache, execution.lead, shared.now)
        switch random.next() % 6 {
        case 0: shared.post(cache.refuse(.error, lead, now: now))
        case 1: shared.post(cache.refuse(.tooLong, lead, now: now))
        case 2, 3: shared.post(cache.abandon(lead, now: now).map { [$0] } ?? [])
        default: shared.post(cache.store(CacheRig.content(Int(random.next() % 3000)), lead, now: now))
        }
        shared.ended.wrappingAdd(1, ordering: .relaxed)
    }

    private mutating func take(_ notice: CacheNotice) {
        let isMine = waiting[notice.address.session] == notice.wait
        if isMine {
            waiting[notice.address.session] = nil
        } else {
            #expect(givenUp.remove(notice.wait) != nil, "a notice for nobody, or a second one")
        }
        switch notice.outcome {
        case .answer, .alone:
            if isMine { shared.ended.wrappingAdd(1, ordering: .relaxed) }
        case .lead(let lead):
            guard isMine else { return shared.post(shared.cache.abandon(lead, now: shared.now).map { [$0] } ?? []) }
            let key = shared.running.indices.first { CacheRig.key("SELECT \($0)") == lead.key } ?? 0
            begin(lead, key)
        }
    }

    /// Some clients die; some have waited for too long.
    private mutating func giveUpSome() {
        guard let (session, wait) = waiting.randomElement(using: &random) else { return }
        guard random.next() % 16 == 0 || shared.now >= wait.until else { return }
        waiting[session] = nil
        if !shared.cache.giveUp(wait) { givenUp.insert(wait) }
        shared.ended.wrappingAdd(1, ordering: .relaxed)
    }
}

@Suite("Query cache: with threads", .serialized)
struct QueryCacheThreadTests {
    /// Runs four loops to their end.
    private func run(seed: UInt64, keys: Int, patience: TimeSpan, flushes: Bool) -> Shared {
        let shared = Shared(loops: 4, keys: keys)
        let threads = (0..<4).map { number in
            Thread {
                var loop = Loop(
                    number: number, shared: shared, random: .init(state: seed &* 31 &+ UInt64(number)),
                    patience: patience, flushes: flushes)
                loop.run(queries: 3000)
            }
        }
        for thread in threads { thread.join() }
        return shared
    }

    @Test("nobody waits for ever, nobody is told twice, and one executes at a time", arguments: 0..<4 as Range<UInt64>)
    func endless(seed: UInt64) {
        // Nobody's patience ends: whoever waits is told, or the run doesn't end.
        let shared = run(seed: seed, keys: 3, patience: TimeSpan(nanoseconds: .max), flushes: false)
        #expect(shared.ended.load(ordering: .relaxed) == 12_000)
        #expect(shared.cache.statistics.flights == 0)
        #expect(shared.cache.statistics.waits > 0)
        for count in shared.running { #expect(count.most.load(ordering: .relaxed) == 1) }
    }

    @Test("short patience, flushes and a small cache", arguments: 0..<4 as Range<UInt64>)
    func impatient(seed: UInt64) {
        let shared = run(seed: seed, keys: 200, patience: .milliseconds(20), flushes: true)
        #expect(shared.ended.load(ordering: .relaxed) == 12_000)
        let statistics = shared.cache.statistics
        #expect(statistics.memory <= 200_000)
        #expect(statistics.sets == statistics.purged + UInt64(statistics.entries))
    }
}

/// A thread that runs a body.
private final class Thread: @unchecked Sendable {
    private var thread = pthread_t()

    init(_ body: @escaping @Sendable () -> Void) {
        let box = Unmanaged.passRetained(Box(body))
        pthread_create(
            &thread, nil,
            { argument in
                argument.map { Unmanaged<Box>.fromOpaque($0).takeRetainedValue().body() }
                return nil
            }, box.toOpaque())
    }

    func join() { pthread_join(thread, nil) }

    private final class Box: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
}
