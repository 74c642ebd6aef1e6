/// xxHash64 over bytes that come in pieces.
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

    /// Takes more bytes; whole stripes at once where it stands at a stripe's start.
    mutating func append(_ bytes: UnsafeBufferPointer<UInt8>) {
        var index = 0
        while index < bytes.count, count & 31 != 0 {
            append(bytes[index])
            index += 1
        }
        let raw = UnsafeRawBufferPointer(bytes)
        while index + 32 <= raw.count {
            for offset in 0..<4 {
                lanes[offset] = UInt64(
                    littleEndian: raw.loadUnaligned(fromByteOffset: index + 8 * offset, as: UInt64.self))
            }
            stripeFilled()
            count &+= 32
            index += 32
        }
        while index < bytes.count {
            append(bytes[index])
            index += 1
        }
    }

    private mutating func append(_ byte: UInt8) {
        lane |= UInt64(byte) &<< UInt64((count & 7) &* 8)
        count &+= 1
        if count & 7 == 0 { laneFilled() }
    }

    @inline(__always)
    private mutating func laneFilled() {
        let index = ((count &>> 3) &- 1) & 3
        lanes[index] = lane
        lane = 0
        if index == 3 { stripeFilled() }
    }

    @inline(__always)
    private mutating func stripeFilled() {
        accumulators[0] = Self.round(accumulators[0], lanes[0])
        accumulators[1] = Self.round(accumulators[1], lanes[1])
        accumulators[2] = Self.round(accumulators[2], lanes[2])
        accumulators[3] = Self.round(accumulators[3], lanes[3])
    }

    @inline(__always)
    private static func round(_ accumulator: UInt64, _ lane: UInt64) -> UInt64 {
        rotated(accumulator &+ lane &* prime2, by: 31) &* prime1
    }

    @inline(__always)
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
        let rotations = SIMD4<UInt64>(1, 7, 12, 18)
        var hash: UInt64 = 0
        for index in 0..<4 { hash &+= Self.rotated(accumulators[index], by: rotations[index]) }
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
