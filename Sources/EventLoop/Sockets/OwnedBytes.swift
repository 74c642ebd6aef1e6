internal import Glibc

/// A first-in first-out run of contiguous bytes in memory of its own, given back as soon as it is empty.
///
/// One word where there are none: its numbers are in front of the bytes. Invariant: `head + count <= capacity`. The owner
/// calls ``removeAll()`` in its deinit; copies of the value are never kept.
struct OwnedBytes {
    private var block: UnsafeMutablePointer<Header>?

    private struct Header {
        var head = 0
        var count = 0
        /// Bytes behind the header.
        var capacity: Int
    }

    var count: Int { block?.pointee.count ?? 0 }

    /// The first of the bytes; valid until the next change, and only while `count > 0` or after ``reserve(_:)``.
    private var front: UnsafeMutableRawPointer? { block.map { UnsafeMutableRawPointer($0 + 1) + $0.pointee.head } }

    /// The bytes; valid until the next change.
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: front, count: count) }

    /// The free room behind the bytes, at least `size`: what is written there is taken in by ``commit(_:)``.
    mutating func reserve(_ size: Int) -> UnsafeMutableRawBufferPointer {
        if room < size { makeRoom(size) }
        return UnsafeMutableRawBufferPointer(start: front.map { $0 + count }, count: room)
    }

    /// The free room behind the bytes.
    private var room: Int { block.map { $0.pointee.capacity - $0.pointee.head - $0.pointee.count } ?? 0 }

    /// Takes in what was written to the reserved room.
    mutating func commit(_ size: Int) {
        assert(size <= room)
        block?.pointee.count += size
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
        guard let block, size < block.pointee.count else { return removeAll() }
        block.pointee.head += size
        block.pointee.count -= size
    }

    /// Drops everything and gives the memory back.
    mutating func removeAll() {
        free(block)
        block = nil
    }

    /// Moves to the front where at least half of the memory is free there, else doubles: linear over any run of appends.
    private mutating func makeRoom(_ size: Int) {
        let count = count
        if let block, let front, block.pointee.head >= count, block.pointee.capacity - count >= size {
            memcpy(block + 1, front, count)
            block.pointee.head = 0
            return
        }
        let header = MemoryLayout<Header>.size
        var wanted = max(block.map { $0.pointee.capacity + header } ?? 0, 512)
        while wanted < header + count + size { wanted *= 2 }
        let larger = UnsafeMutableRawPointer.allocatedByMalloc(wanted).bindMemory(to: Header.self, capacity: 1)
        larger.initialize(to: Header(count: count, capacity: wanted - header))
        if let front { memcpy(larger + 1, front, count) }
        free(block)
        block = larger
    }
}

extension UnsafeMutableRawPointer {
    /// malloc, which ends the process where no memory is left, as every Swift allocation does.
    fileprivate static func allocatedByMalloc(_ size: Int) -> Self {
        guard let memory = malloc(size) else { preconditionFailure("out of memory: \(size) bytes") }
        return memory
    }
}
