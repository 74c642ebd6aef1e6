/// Takes the bytes of a normalised text: hashes them chunk by chunk, and keeps those that fit in the caller's buffer.
struct DigestSink {
    /// The bytes of scratch memory that a sink needs.
    static let chunkSize = 512

    private var hash = XXHash64()
    // Invariant: both memories outlive the sink, which never leaves the closure that lends them. `chunk` has `chunkSize`
    // bytes and `filled` stays below that; `buffer` is written at indices below `capacity`, its count.
    private let chunk: UnsafeMutablePointer<UInt8>
    private let buffer: UnsafeMutablePointer<UInt8>?
    private let capacity: Int
    private let limit: Int
    private var filled = 0
    private var flushed = 0

    /// A sink over `chunkSize` bytes of scratch memory.
    init(
        _ options: DigestOptions, scratch: UnsafeMutableBufferPointer<UInt8>,
        _ buffer: UnsafeMutableBufferPointer<UInt8>
    ) {
        precondition(scratch.count >= Self.chunkSize)
        chunk = scratch.baseAddress.unsafelyUnwrapped
        limit = Self.limit(options)
        self.buffer = buffer.baseAddress
        capacity = buffer.baseAddress == nil ? 0 : buffer.count
    }

    static func limit(_ options: DigestOptions) -> Int { max(options.maxTextLength, 0) }

    /// Whether further bytes would be cut off.
    @inline(__always)
    var isFull: Bool { flushed + filled >= limit }

    @inline(__always)
    mutating func append(_ byte: UInt8) {
        chunk[filled] = byte
        filled &+= 1
        if filled == Self.chunkSize { flush() }
    }

    /// Takes bytes of `text` as they are.
    @inline(__always)
    mutating func append(_ text: Span<UInt8>, _ start: Int, _ end: Int) {
        // Most pieces have up to eight bytes: one load and one store, whose surplus the next piece overwrites.
        if end &- start <= 8, start &+ 8 <= text.count, filled &+ 8 < Self.chunkSize {
            let bytes = text.bytes.unsafeLoadUnaligned(fromByteOffset: start, as: UInt64.self)
            UnsafeMutableRawPointer(chunk + filled).storeBytes(of: bytes, as: UInt64.self)
            filled &+= end &- start
        } else {
            for index in start..<end { append(text[index]) }
        }
    }

    /// Hashes and copies the chunk, as far as the limit allows.
    private mutating func flush() {
        let count = min(filled, limit - flushed)
        hash.append(UnsafeBufferPointer(start: chunk, count: count))
        if let buffer, flushed < capacity {
            (buffer + flushed).update(from: chunk, count: min(count, capacity - flushed))
        }
        flushed += count
        filled = 0
    }

    /// The hash and the number of all bytes within the limit.
    mutating func finish() -> (hash: UInt64, count: Int) {
        flush()
        return (hash.value, flushed)
    }
}
