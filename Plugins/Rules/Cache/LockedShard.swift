import Locking

/// A shard and its lock; an object, as an array can't hold locks themselves.
final class LockedShard: Sendable {
    private let shard = Lock(CacheShard())

    func withLock<Result: Sendable>(_ body: (inout CacheShard) -> Result) -> Result {
        shard.withLock { shard in body(&shard) }
    }
}
