/// xxHash64 over bytes that come one by one.
///
/// Source: xxHash fast digest algorithm, specification 0.1.1, "XXH64 Algorithm Description".
struct XXHash64: BitwiseCopyable {
    private static let prime1: UInt64 = 0x9E37_79B1_85EB_CA87
    private static let prime2: UInt64 = 0xC2B2_AE3D_27D4_EB4F
    private static let prime3: UInt64 = 0x1656_67B1_9E37_79F9
    private static let prime4: UInt64 = 0x85EB_CA77_C2B2_AE63
    private static let prime5: UInt64 = 0x27D4_EB2F_1656_67C5

    private var accumulators = SIMD4<UInt64>(prime1 &+ prime2, prime2, 0, 0 &- prime1)
    /// The lanes of a stripe that isn't full.
    private var lanes = SIMD4<UInt64>()
    /// The bytes of a lane that isn't full, the first one lowest.
    private var lane: UInt64 = 0
    private var count = 0

    /// Takes one more byte.
    @inline(__always)
    mutating func append(_ byte: UInt8) {
        lane |= UInt64(byte) &<< UInt64((count & 7) &* 8)
        count &+= 1
        if count & 7 == 0 { laneFilled() }
    }

    private mutating func laneFilled() {
        let index = ((count &>> 3) &- 1) & 3
        lanes[index] = lane
        lane = 0
        if index == 3 { stripeFilled() }
    }

    private mutating func stripeFilled() {
        for index in 0..<4 {
            accumulators[index] = Self.round(accumulators[index], lanes[index])
        }
    }

    private static func round(_ accumulator: UInt64, _ lane: UInt64) -> UInt64 {
        rotated(accumulator &+ lane &* prime2, by: 31) &* prime1
    }

    private static func rotated(_ value: UInt64, by bits: UInt64) -> UInt64 {
        value &<< bits | value &>> (64 &- bits)
    }

    /// The hash of all bytes so far.
    var value: UInt64 {
        var hash = count < 32 ? Self.prime5 : converged
        hash &+= UInt64(count)
        for index in 0..<(count &>> 3) & 3 {
            hash = Self.rotated(hash ^ Self.round(0, lanes[index]), by: 27) &* Self.prime1 &+ Self.prime4
        }
        return Self.avalanched(withTail(hash))
    }

    private var converged: UInt64 {
        var hash: UInt64 = 0
        for (index, bits) in [(0, 1), (1, 7), (2, 12), (3, 18)] as [(Int, UInt64)] {
            hash &+= Self.rotated(accumulators[index], by: bits)
        }
        for index in 0..<4 {
            hash = (hash ^ Self.round(0, accumulators[index])) &* Self.prime1 &+ Self.prime4
        }
        return hash
    }

    /// Mixes in the bytes of the last lane.
    private func withTail(_ start: UInt64) -> UInt64 {
        var hash = start
        var tail = lane
        var left = count & 7
        if left >= 4 {
            hash = Self.rotated(hash ^ (tail & 0xFFFF_FFFF) &* Self.prime1, by: 23) &* Self.prime2 &+ Self.prime3
            tail &>>= 32
            left -= 4
        }
        for _ in 0..<left {
            hash = Self.rotated(hash ^ (tail & 0xFF) &* Self.prime5, by: 11) &* Self.prime1
            tail &>>= 8
        }
        return hash
    }

    private static func avalanched(_ start: UInt64) -> UInt64 {
        var hash = (start ^ start &>> 33) &* prime2
        hash = (hash ^ hash &>> 29) &* prime3
        return hash ^ hash &>> 32
    }
}
