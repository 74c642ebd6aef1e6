import Glibc
import MySQLWire

/// What an answer depends on, in one run of bytes; two keys are equal where all of it is.
///
/// A worker keeps one and fills it again for every statement: a hit then allocates nothing.
struct CacheKey: Sendable {
    /// Whether definitions carry extended metadata, the lengths of all parts but the last, then the parts.
    private(set) var bytes: [UInt8] = []
    /// Seeded by the process, so that nobody can make keys that collide.
    private(set) var hash: UInt64 = 0

    /// An empty key, to be filled.
    init() {}

    /// A key made of another one's parts.
    init(bytes: [UInt8], hash: UInt64) {
        (self.bytes, self.hash) = (bytes, hash)
    }

    /// Fills the key in place.
    ///
    /// - Parameters:
    ///   - text: the statement, whole.
    ///   - settings: the character sets, the collation and the session variables that results depend on.
    ///   - capabilities: the client's. Only extended metadata makes a difference: what a client without it was given
    ///     doesn't hold what one with it needs, so that each kind has answers of its own, columns untouched.
    mutating func fill(
        text: Span<UInt8>, user: Span<UInt8>, schema: Span<UInt8>, settings: Span<UInt8>, capabilities: Capabilities
    ) {
        bytes.removeAll(keepingCapacity: true)
        bytes.append(capabilities.contains(.mariadbExtendedMetadata) ? 1 : 0)
        for part in [user.count, schema.count, settings.count] { append(length: part) }
        append(user)
        append(schema)
        append(settings)
        append(text)
        var hasher = Hasher()
        bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
        hash = UInt64(bitPattern: Int64(hasher.finalize()))
    }

    /// The same key, in memory of exactly its size.
    var compact: CacheKey {
        CacheKey(bytes: bytes.withUnsafeBufferPointer { Array($0) }, hash: hash)
    }

    /// Seven bits a byte; the highest bit says that another follows.
    private mutating func append(length: Int) {
        var rest = length
        while rest > 0x7F {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    private mutating func append(_ part: Span<UInt8>) {
        part.withUnsafeBufferPointer { bytes.append(contentsOf: $0) }
    }
}

extension CacheKey: Hashable {
    static func == (left: Self, right: Self) -> Bool {
        guard left.hash == right.hash, left.bytes.count == right.bytes.count else { return false }
        return left.bytes.withUnsafeBytes { left in
            right.bytes.withUnsafeBytes { right in
                guard let left = left.baseAddress, let other = right.baseAddress else { return true }
                return memcmp(left, other, right.count) == 0
            }
        }
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(hash)
    }
}
