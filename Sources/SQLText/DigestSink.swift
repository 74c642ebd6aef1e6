/// Takes the bytes of a normalised text: hashes them, and keeps those that fit in the caller's buffer.
struct DigestSink {
    private(set) var hash = XXHash64()
    /// The bytes taken so far.
    private(set) var count = 0
    private let limit: Int
    // Invariant: the memory outlives the sink, which never leaves the closure that lends the memory, and every access is
    // at an index below `capacity`, the buffer's count.
    private let buffer: UnsafeMutablePointer<UInt8>?
    private let capacity: Int

    init(_ options: DigestOptions, _ buffer: UnsafeMutableBufferPointer<UInt8>) {
        limit = Self.limit(options)
        self.buffer = buffer.baseAddress
        capacity = buffer.baseAddress == nil ? 0 : buffer.count
    }

    static func limit(_ options: DigestOptions) -> Int { max(options.maxTextLength, 0) }

    /// Whether further bytes would be cut off.
    var isFull: Bool { count >= limit }

    @inline(__always)
    mutating func append(_ byte: UInt8) {
        guard count < limit else { return }
        hash.append(byte)
        if count < capacity { buffer?[count] = byte }
        count &+= 1
    }
}
