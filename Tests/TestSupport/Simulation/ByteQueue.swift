/// First-in first-out bytes, contiguous.
public struct ByteQueue: Sendable {
    private var storage: [UInt8] = []
    private var head = 0

    /// No bytes.
    public init() {}

    /// How many bytes wait.
    public var count: Int { storage.count - head }

    /// The waiting bytes.
    public var span: Span<UInt8> {
        @_lifetime(borrow self)
        borrowing get { storage.span.extracting(head...) }
    }

    /// Appends a copy.
    public mutating func append(_ bytes: Span<UInt8>) {
        bytes.withUnsafeBufferPointer { storage.append(contentsOf: $0) }
    }

    /// A copy of the first bytes.
    public func prefix(_ size: Int) -> [UInt8] { Array(storage[head..<head + size]) }

    /// Drops the first bytes.
    public mutating func removeFirst(_ size: Int) {
        head += size
        if head == storage.count {
            removeAll()
        } else if head > 65536, head > storage.count / 2 {
            storage.removeFirst(head)
            head = 0
        }
    }

    /// Moves the first `size` bytes to the end of another queue.
    public mutating func move(_ size: Int, to other: inout ByteQueue) {
        other.append(span.extracting(0..<size))
        removeFirst(size)
    }

    /// Drops everything.
    public mutating func removeAll() {
        storage = []
        head = 0
    }
}
