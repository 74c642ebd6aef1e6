internal import Glibc

/// A pthread mutex around a value.
///
/// It stands where the thread sanitizer must follow: that knows pthread's locks, but not those of `Synchronization.Mutex`,
/// which are futex calls of the uninstrumented runtime, so whatever passes from thread to thread would look like a race.
///
/// Invariant of the unchecked sendability: the value is touched only by ``withLock(_:)``, under the lock.
final class PosixMutex<Value: Sendable>: @unchecked Sendable {
    private let lock: UnsafeMutablePointer<pthread_mutex_t>
    private var value: Value

    init(_ value: Value) {
        self.value = value
        lock = .allocate(capacity: 1)
        pthread_mutex_init(lock, nil)
    }

    deinit {
        pthread_mutex_destroy(lock)
        lock.deallocate()
    }

    func withLock<Result>(_ body: (inout Value) -> Result) -> Result {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        return body(&value)
    }
}
