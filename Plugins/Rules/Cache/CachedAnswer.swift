import Pooling

/// An answer in the cache, or the mark that there won't be one; immutable, so that whoever was handed it may go on
/// reading it while it leaves the cache.
final class CachedAnswer: Sendable {
    let key: CacheKey
    /// The answer; nil says that answers to this key aren't kept, and nobody is to wait for one.
    let content: AnswerContent?
    let storedAt: MonotonicTime
    /// The end of its own time to live.
    let expires: MonotonicTime
    /// Bytes that it takes up, all told.
    let cost: Int

    init(_ content: AnswerContent?, key: CacheKey, ttl: TimeSpan, now: MonotonicTime) {
        self.key = key.compact
        self.content = content
        storedAt = now
        expires = now + ttl
        cost = Self.overhead + key.bytes.count + (content?.bytes.count ?? 0)
    }

    /// What an answer costs besides its key and its bytes, as measured with glibc's allocator: this object, two arrays'
    /// heads, what the allocator rounds up, and the places in the table.
    static let overhead = 240

    /// Bytes of the answer itself.
    var length: Int { content?.bytes.count ?? 0 }

    /// Whether a reader whose rule lets answers live for `ttl` may have it.
    func isValid(for ttl: TimeSpan, now: MonotonicTime) -> Bool {
        now < expires && now < storedAt + ttl
    }
}
