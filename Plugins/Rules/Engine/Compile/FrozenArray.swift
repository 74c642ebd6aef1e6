/// Values that never change again, shared by all loops without reference counts; freed with their owner.
struct FrozenArray<Element: BitwiseCopyable>: ~Copyable, @unchecked Sendable {
    // Invariant: `count` initialised elements, written by nobody once the initialiser has returned.
    private let base: UnsafeMutablePointer<Element>
    let count: Int

    init(_ elements: [Element]) {
        count = elements.count
        base = .allocate(capacity: max(count, 1))
        elements.withUnsafeBufferPointer { elements in
            if let first = elements.baseAddress { base.initialize(from: first, count: elements.count) }
        }
    }

    /// `count` elements, all `initial` until `fill` has set them.
    init(repeating initial: Element, count: Int, fill: (UnsafeMutablePointer<Element>) -> Void) {
        self.count = count
        base = .allocate(capacity: max(count, 1))
        base.initialize(repeating: initial, count: count)
        fill(base)
    }

    deinit {
        base.deallocate()
    }

    /// The element at an index that was made together with this array, so that it is below `count`.
    @inline(__always)
    subscript(index: Int) -> Element {
        assert(index >= 0 && index < count)
        return base[index]
    }

    /// The place of an element, for those too large to be copied.
    @inline(__always)
    func address(_ index: Int) -> UnsafePointer<Element> {
        assert(index >= 0 && index < count)
        return UnsafePointer(base + index)
    }

    /// The bytes of memory that it takes.
    var memory: Int { count * MemoryLayout<Element>.stride }
}
