import Glibc

/// A shard and its lock: pthread's, which the thread sanitizer follows, as it does not follow `Synchronization.Mutex`.
///
/// Invariant of the unchecked sendability: the shard is touched only by ``withLock(_:)``, under the lock.
final class LockedShard: @unchecked Sendable {
    /// On a cache line of its own.
    private let lock: UnsafeMutablePointer<pthread_mutex_t>
    private var shard = CacheShard()

    private static let line = 64

    init() {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: Self.line, alignment: Self.line)
        lock = memory.bindMemory(to: pthread_mutex_t.self, capacity: 1)
        pthread_mutex_init(lock, nil)
    }

    deinit {
        pthread_mutex_destroy(lock)
        UnsafeMutableRawPointer(lock).deallocate()
    }

    func withLock<Result>(_ body: (inout CacheShard) -> Result) -> Result {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        return body(&shard)
    }
}
