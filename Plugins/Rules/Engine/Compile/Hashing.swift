/// Fast hashes for tables that only the administrator fills: strangers look names up, but never add any.
enum Hashing {
    private static let first: UInt64 = 0x9E37_79B9_7F4A_7C15
    private static let second: UInt64 = 0xD1B5_4A32_D192_ED03

    /// The hash of any bytes.
    @inline(__always)
    static func hash(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt64 {
        let count = bytes.count
        let raw = UnsafeRawBufferPointer(bytes)
        var hash = UInt64(truncatingIfNeeded: count) &* first
        guard count >= 8 else { return mix(hash ^ first, short(raw)) }
        var index = 0
        while index &+ 8 < count {
            hash = mix(hash ^ first, raw.loadUnaligned(fromByteOffset: index, as: UInt64.self))
            index &+= 8
        }
        // The last eight bytes, which may overlap those before.
        return mix(hash ^ first, raw.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self))
    }

    /// Up to seven bytes as a number; the length is hashed beside it.
    @inline(__always)
    private static func short(_ raw: UnsafeRawBufferPointer) -> UInt64 {
        let count = raw.count
        if count >= 4 {
            let low = raw.loadUnaligned(as: UInt32.self)
            let high = raw.loadUnaligned(fromByteOffset: count &- 4, as: UInt32.self)
            return UInt64(low) | UInt64(high) &<< 32
        }
        guard count > 0 else { return 0 }
        return UInt64(raw[0]) | UInt64(raw[count &>> 1]) &<< 8 | UInt64(raw[count &- 1]) &<< 16
    }

    /// Mixes a word into a hash.
    @inline(__always)
    static func mix(_ hash: UInt64, _ word: UInt64) -> UInt64 {
        let product = (hash ^ word &* second).multipliedFullWidth(by: first ^ word &>> 32)
        return product.high ^ product.low ^ word
    }

    /// The slot of a hash among `count`.
    @inline(__always)
    static func slot(_ hash: UInt64, of count: Int) -> Int {
        Int(truncatingIfNeeded: hash.multipliedFullWidth(by: UInt64(truncatingIfNeeded: count)).high)
    }

    /// How many slots keep probes short for `count` entries; one is always free.
    static func slots(for count: Int) -> Int { count + count / 4 + 2 }
}
