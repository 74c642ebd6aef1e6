/// Bytes that grow and keep their place in memory until they grow again; reused from statement to statement.
struct GrowingBytes: ~Copyable {
    // Invariant: `capacity` bytes, of which the first `count` are written.
    private var base: UnsafeMutablePointer<UInt8>
    private var capacity: Int
    private(set) var count = 0

    /// What is kept when nothing is in it.
    private static let kept = 64 * 1024

    init() {
        capacity = 256
        base = .allocate(capacity: capacity)
    }

    deinit {
        base.deallocate()
    }

    /// What was appended; valid until the next change.
    var bytes: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: base, count: count) }

    mutating func clear() {
        count = 0
        guard capacity > Self.kept else { return }
        base.deallocate()
        capacity = Self.kept
        base = .allocate(capacity: capacity)
    }

    mutating func append(_ more: UnsafeBufferPointer<UInt8>) {
        guard let first = more.baseAddress, !more.isEmpty else { return }
        if count + more.count > capacity { grow(to: count + more.count) }
        (base + count).update(from: first, count: more.count)
        count += more.count
    }

    private mutating func grow(to needed: Int) {
        let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: max(needed, 2 * capacity))
        larger.update(from: base, count: count)
        base.deallocate()
        base = larger
        capacity = max(needed, 2 * capacity)
    }
}
