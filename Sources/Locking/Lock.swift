// Whoever imports this module has atomics too, in every build.
@_exported public import Synchronization

#if THREAD_SANITIZER
    /// A lock around a value that the thread sanitizer can follow.
    ///
    /// That knows pthread's locks, but not those of `Synchronization.Mutex`, which are futex calls of the uninstrumented
    /// runtime: whatever passes from thread to thread under them would look like a race. Builds for the thread sanitizer
    /// define `THREAD_SANITIZER`; see Scripts/test.
    public typealias Lock<Value: ~Copyable> = PosixMutex<Value>
#else
    /// A lock around a value.
    public typealias Lock<Value: ~Copyable> = Mutex<Value>
#endif
