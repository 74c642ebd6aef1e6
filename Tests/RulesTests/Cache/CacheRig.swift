import MySQLWire
import Pooling
import Testing

@testable import RulesPlugin

/// A cache, a clock that stands still, and short words for both.
struct CacheRig {
    let cache: QueryCache
    var now = MonotonicTime(nanoseconds: 1)

    init(limit: Int = 1 << 20, shardBits: Int = 0) {
        cache = QueryCache(limit: limit, shardBits: shardBits)
    }

    static func key(
        _ text: String, user: String = "app", schema: String = "shop", settings: String = "utf8mb4",
        capabilities: Capabilities = []
    ) -> CacheKey {
        let (text, user) = (Array(text.utf8), Array(user.utf8))
        let (schema, settings) = (Array(schema.utf8), Array(settings.utf8))
        var key = CacheKey()
        key.fill(
            text: text.span, user: user.span, schema: schema.span, settings: settings.span, capabilities: capabilities)
        return key
    }

    /// An answer of so many bytes, all of which are `byte`.
    static func content(_ length: Int = 10, byte: UInt8 = 0x61) -> AnswerContent {
        AnswerContent(
            bytes: [UInt8](repeating: byte, count: length), rowsStart: length, endSequence: 1, warnings: 0,
            status: [])
    }

    mutating func pass(_ milliseconds: UInt64) { now = now + .milliseconds(milliseconds) }

    /// Looks up; `session` nil asks alone.
    func ask(_ text: String, ttl: UInt64 = 1000, session: UInt64? = nil, patience: UInt64 = 100) -> CacheLookup {
        let address = session.map { CacheAddress(loop: 0, session: $0) }
        let reader = CacheReader(ttl: .milliseconds(ttl), address: address, patience: .milliseconds(patience))
        return cache.lookup(Self.key(text), reader, now: now)
    }

    func leads(_ text: String, ttl: UInt64 = 1000, session: UInt64? = nil, patience: UInt64 = 100) throws -> CacheLead {
        try #require(ask(text, ttl: ttl, session: session, patience: patience).lead)
    }

    func waits(_ text: String, session: UInt64, patience: UInt64 = 100) throws -> CacheWait {
        try #require(ask(text, session: session, patience: patience).wait)
    }

    /// Executes alone and stores an answer of `length` bytes.
    func put(_ text: String, _ length: Int = 10, ttl: UInt64 = 1000, byte: UInt8 = 0x61) throws {
        let lead = try leads(text, ttl: ttl)
        #expect(cache.store(Self.content(length, byte: byte), lead, now: now).isEmpty)
    }

    /// Whether the cache has the answer, by a look that counts as a use.
    func has(_ text: String, ttl: UInt64 = 1000) -> Bool { ask(text, ttl: ttl).answer != nil }

    /// What a stored answer of so many bytes costs.
    static func cost(_ text: String, _ length: Int) -> Int {
        CachedAnswer(content(length), key: key(text), ttl: .zero, now: MonotonicTime(nanoseconds: 0)).cost
    }
}

extension CacheLookup {
    var answer: CachedAnswer? { if case .hit(let answer) = self { answer } else { nil } }
    var lead: CacheLead? { if case .miss(let lead) = self { lead } else { nil } }
    var wait: CacheWait? { if case .wait(let wait) = self { wait } else { nil } }
}

extension CacheNotice {
    /// The session and what it is told, for instance `2 alone`.
    var words: String {
        let told =
            switch outcome {
            case .answer(let answer): "answer of \(answer.length)"
            case .lead: "leads"
            case .alone: "alone"
            }
        return "\(address.session) \(told)"
    }

    var lead: CacheLead? { if case .lead(let lead) = outcome { lead } else { nil } }
}
