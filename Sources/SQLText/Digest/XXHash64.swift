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

    /// Takes more bytes; whole stripes and lanes at once where it stands at the start of one.
    mutating func append(_ bytes: UnsafeBufferPointer<UInt8>) {
        var index = 0
        while index < bytes.count, count & 31 != 0 {
            append(bytes[index])
            index &+= 1
        }
        let raw = UnsafeRawBufferPointer(bytes)
        appendStripes(raw, &index)
        while index &+ 8 <= raw.count {
            lane = Self.lane(raw, index)
            count &+= 8
            laneFilled()
            index &+= 8
        }
        while index < bytes.count {
            append(bytes[index])
            index &+= 1
        }
    }

    @inline(__always)
    private mutating func appendStripes(_ raw: UnsafeRawBufferPointer, _ index: inout Int) {
        var (first, second, third, fourth) = (accumulators[0], accumulators[1], accumulators[2], accumulators[3])
        let start = index
        while index &+ 32 <= raw.count {
            first = Self.round(first, Self.lane(raw, index))
            second = Self.round(second, Self.lane(raw, index &+ 8))
            third = Self.round(third, Self.lane(raw, index &+ 16))
            fourth = Self.round(fourth, Self.lane(raw, index &+ 24))
            index &+= 32
        }
        accumulators = SIMD4(first, second, third, fourth)
        count &+= index &- start
    }

    @inline(__always)
    private static func lane(_ raw: UnsafeRawBufferPointer, _ index: Int) -> UInt64 {
        UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: index, as: UInt64.self))
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

    /// The hash of bytes that are all here, which takes half the time.
    static func hash(of bytes: UnsafeBufferPointer<UInt8>) -> UInt64 {
        var state = Self()
        let raw = UnsafeRawBufferPointer(bytes)
        var index = 0
        state.appendStripes(raw, &index)
        var hash = index == 0 ? prime5 : state.converged
        hash &+= UInt64(raw.count)
        while index &+ 8 <= raw.count {
            hash = withLane(hash, lane(raw, index))
            index &+= 8
        }
        let left = raw.count &- index
        var tail: UInt64 = 0
        if left > 0, raw.count >= 8 {
            tail = lane(raw, raw.count &- 8) &>> UInt64((8 &- left) &* 8)
        } else {
            for place in (index..<raw.count).reversed() { tail = tail &<< 8 | UInt64(raw[place]) }
        }
        return avalanched(withTail(hash, tail, left))
    }

    /// The hash of all bytes so far.
    var value: UInt64 {
        var hash = count < 32 ? Self.prime5 : converged
        hash &+= UInt64(count)
        for index in 0..<(count &>> 3) & 3 { hash = Self.withLane(hash, lanes[index]) }
        return Self.avalanched(Self.withTail(hash, lane, count & 7))
    }

    @inline(__always)
    private static func withLane(_ hash: UInt64, _ lane: UInt64) -> UInt64 {
        rotated(hash ^ round(0, lane), by: 27) &* prime1 &+ prime4
    }

    private var converged: UInt64 {
        var hash = Self.rotated(accumulators[0], by: 1) &+ Self.rotated(accumulators[1], by: 7)
        hash &+= Self.rotated(accumulators[2], by: 12) &+ Self.rotated(accumulators[3], by: 18)
        for index in 0..<4 {
            hash = (hash ^ Self.round(0, accumulators[index])) &* Self.prime1 &+ Self.prime4
        }
        return hash
    }

    /// Mixes in the bytes of the last lane, which isn't full.
    @inline(__always)
    private static func withTail(_ start: UInt64, _ bytes: UInt64, _ count: Int) -> UInt64 {
        var hash = start
        var tail = bytes
        var left = count
        if left >= 4 {
            hash = rotated(hash ^ (tail & 0xFFFF_FFFF) &* prime1, by: 23) &* prime2 &+ prime3
            tail &>>= 32
            left -= 4
        }
        for _ in 0..<left {
            hash = rotated(hash ^ (tail & 0xFF) &* prime5, by: 11) &* prime1
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
