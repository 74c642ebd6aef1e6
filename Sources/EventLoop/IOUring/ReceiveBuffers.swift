internal import CRing

/// The buffers that a ring's streams receive into, each of the same size and neighbours by their numbers.
///
/// A long result that fills one after the other is carried best by few, which stay in the processor's cache; a crowd of
/// short messages needs one each. So full ones are laid aside, down to the fewest, and brought back when streams go without.
struct ReceiveBuffers {
    /// All of them; a power of 2.
    static let count = 64
    /// Those that stay with the system in any case.
    static let fewest = 16
    /// More streams than this without a buffer in one turn are a crowd.
    private static let toleratedShortages = 3

    /// The size of each, in bytes.
    let size: Int
    private let ring: OpaquePointer
    private var resting: [UInt32] = []
    private var shortages = 0

    /// The ring's buffers, all of which the system has.
    init(of ring: OpaquePointer, size: Int) {
        (self.ring, self.size) = (ring, size)
        resting.reserveCapacity(Self.count - Self.fewest)
    }

    mutating func turnBegins() { shortages = 0 }

    /// So many bytes from the beginning of the buffer on; valid until it is given back.
    func bytes(in number: Int, count: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: cring_buffers(ring) + number * size, count: count)
    }

    /// The neighbours that so many bytes had filled, from the first one on, are free again.
    mutating func giveBack(from first: Int, filledBy count: Int) {
        var (number, left) = (UInt32(first), count)
        while left > 0 {
            if left >= size, resting.count < Self.count - Self.fewest {
                resting.append(number)
            } else {
                cring_give_back(ring, number)
            }
            number += 1
            left -= size
        }
    }

    /// A stream found none in this turn.
    mutating func ranOut() {
        shortages += 1
        guard shortages > Self.toleratedShortages, !resting.isEmpty else { return }
        for number in resting { cring_give_back(ring, number) }
        resting.removeAll(keepingCapacity: true)
    }
}
