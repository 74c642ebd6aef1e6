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
    @inline(__always)
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
            appendSlowly(text, start, end)
        }
    }

    private mutating func appendSlowly(_ text: Span<UInt8>, _ start: Int, _ end: Int) {
        for index in start..<end { append(text[index]) }
    }

    /// Takes the word at `start`, which is read and written in one go.
    ///
    /// - Returns: where it ends.
    @inline(__always)
    mutating func appendWord(_ text: Span<UInt8>, _ start: Int) -> Int {
        var index = start
        while filled &+ 8 < Self.chunkSize {
            let bytes = text.eightBytes(from: index)
            UnsafeMutableRawPointer(chunk + filled).storeBytes(of: bytes.littleEndian, as: UInt64.self)
            let misses = ~bytes.wordBytes & UInt64.topBits
            // Without a miss all 64 bits are zero, which makes eight bytes.
            let count = misses.trailingZeroBitCount &>> 3
            filled &+= count
            index &+= count
            if misses != 0 { return index }
        }
        return appendWordSlowly(text, index)
    }

    private mutating func appendWordSlowly(_ text: Span<UInt8>, _ start: Int) -> Int {
        let end = text.endOfWord(from: start)
        appendSlowly(text, start, end)
        return end
    }

    /// Hashes and copies the chunk, as far as the limit allows.
    private mutating func flush() {
        let count = min(filled, limit - flushed)
        hash.append(UnsafeBufferPointer(start: chunk, count: count))
        copy(count)
    }

    /// Copies the chunk's first bytes as far as they fit.
    @inline(__always)
    private mutating func copy(_ count: Int) {
        if let buffer, flushed < capacity {
            (buffer + flushed).update(from: chunk, count: min(count, capacity - flushed))
        }
        flushed += count
        filled = 0
    }

    /// The hash and the number of all bytes within the limit.
    mutating func finish() -> (hash: UInt64, count: Int) {
        guard flushed > 0 else { return finishOnlyChunk() }
        flush()
        return (hash.value, flushed)
    }

    private mutating func finishOnlyChunk() -> (hash: UInt64, count: Int) {
        let count = min(filled, limit)
        copy(count)
        return (XXHash64.hash(of: UnsafeBufferPointer(start: chunk, count: count)), count)
    }
}
