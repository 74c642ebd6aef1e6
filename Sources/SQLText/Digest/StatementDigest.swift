/// What statements that differ only in their values have in common: a normalised text, and its hash.
///
/// The rules are those of ProxySQL's digest_text with its defects repaired: `#` comments vanish, operators before a
/// literal stay, numbers may start or end with a dot, and repeated lists of any width are grouped.
/// The hash is xxHash64 (seed 0) of the text as far as it is shown, so it differs from ProxySQL's SpookyHash.
public struct StatementDigest: BitwiseCopyable, Equatable, Sendable {
    /// xxHash64 of the normalised text.
    public let hash: UInt64
    /// The bytes of the normalised text, at most `DigestOptions.maxTextLength`.
    public let textLength: Int
    /// Where the statement's first `/* … */` is, which may hold hints.
    public var firstComment: Range<Int>? { commentEnd > 0 ? commentStart..<commentEnd : nil }
    private let commentStart: Int
    private let commentEnd: Int

    /// The digest of a statement, without its text being built.
    public init(of statement: Span<UInt8>, options: DigestOptions = DigestOptions()) {
        self.init(statement, options, UnsafeMutableBufferPointer(start: nil, count: 0))
    }

    /// The digest of a statement, whose normalised text goes to `buffer` as far as it fits.
    public init(
        of statement: Span<UInt8>, options: DigestOptions = DigestOptions(), into buffer: inout MutableSpan<UInt8>
    ) {
        self = buffer.withUnsafeMutableBufferPointer { Self(statement, options, $0) }
    }

    /// The normalised text of a statement.
    public static func text(of statement: Span<UInt8>, options: DigestOptions = DigestOptions()) -> [UInt8] {
        let capacity = DigestSink.limit(options)
        return [UInt8](unsafeUninitializedCapacity: min(capacity, 4 * statement.count + 16)) { buffer, count in
            // The sink writes every byte up to the count that it tells, and no byte behind the buffer's end.
            count = min(Self(statement, options, buffer).textLength, buffer.count)
        }
    }

    private init(_ statement: Span<UInt8>, _ options: DigestOptions, _ buffer: UnsafeMutableBufferPointer<UInt8>) {
        self = withUnsafeTemporaryAllocation(of: UInt8.self, capacity: DigestSink.chunkSize) { scratch in
            let sink = DigestSink(options, scratch: scratch, buffer)
            var normalizer = DigestNormalizer(statement, options, sink)
            normalizer.run()
            return Self(&normalizer)
        }
    }

    private init(_ normalizer: inout DigestNormalizer) {
        (hash, textLength) = normalizer.lists.output.finish()
        commentStart = normalizer.commentStart
        commentEnd = normalizer.commentEnd
    }
}
