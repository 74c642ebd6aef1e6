internal import Glibc

/// A first-in first-out run of contiguous bytes in memory of its own, given back as soon as it is empty.
///
/// Invariant: `base` is allocated exactly while `capacity > 0`; `head + count <= capacity`. The owner calls
/// ``removeAll()`` in its deinit; copies of the value are never kept.
struct OwnedBytes {
    private(set) var count = 0
    private var base: UnsafeMutableRawPointer?
    private var head = 0
    private var capacity = 0

    /// The first of the bytes; valid until the next change, and only while `count > 0` or after ``reserve(_:)``.
    private var front: UnsafeMutableRawPointer? { base.map { $0 + head } }

    /// The bytes; valid until the next change.
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: front, count: count) }

    /// The free room behind the bytes, at least `size`: what is written there is taken in by ``commit(_:)``.
    mutating func reserve(_ size: Int) -> UnsafeMutableRawBufferPointer {
        if capacity - head - count < size { makeRoom(size) }
        return UnsafeMutableRawBufferPointer(start: front.map { $0 + count }, count: capacity - head - count)
    }

    /// Takes in what was written to the reserved room.
    mutating func commit(_ size: Int) {
        assert(head + count + size <= capacity)
        count += size
    }

    /// Appends a copy of `bytes`, which must not lie in this memory.
    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        guard !bytes.isEmpty else { return }
        reserve(bytes.count).copyMemory(from: bytes)
        commit(bytes.count)
    }

    /// Drops the first `size` bytes; the memory goes with the last one.
    mutating func removeFirst(_ size: Int) {
        assert(size <= count)
        head += size
        count -= size
        if count == 0 { removeAll() }
    }

    /// Drops everything and gives the memory back.
    mutating func removeAll() {
        free(base)
        (base, head, count, capacity) = (nil, 0, 0, 0)
    }

    /// Moves to the front where at least half of the memory is free there, else doubles: linear over any run of appends.
    private mutating func makeRoom(_ size: Int) {
        if head >= count, capacity - count >= size, let base {
            memcpy(base, base + head, count)
            head = 0
            return
        }
        var wanted = max(capacity, 512)
        while wanted < count + size { wanted *= 2 }
        let larger = UnsafeMutableRawPointer.allocatedByMalloc(wanted)
        if let front { memcpy(larger, front, count) }
        free(base)
        (base, head, capacity) = (larger, 0, wanted)
    }
}

extension UnsafeMutableRawPointer {
    /// malloc, which ends the process where no memory is left, as every Swift allocation does.
    fileprivate static func allocatedByMalloc(_ size: Int) -> Self {
        guard let memory = malloc(size) else { preconditionFailure("out of memory: \(size) bytes") }
        return memory
    }
}
