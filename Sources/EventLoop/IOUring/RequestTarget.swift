/// What a request of a ring is for, in the 64 bits that its completions carry: an object's address, whose low four bits
/// are free for the kind and whose high eight for the generation of the stream's descriptor.
struct RequestTarget: Equatable {
    enum Kind: UInt64 {
        /// The end of another request, of which nothing is told.
        case none
        case mailbox
        case listener
        case receive
        case send
        case writing
        case hangUp
    }

    let bits: UInt64

    init(bits: UInt64) { self.bits = bits }

    init(_ kind: Kind) { bits = kind.rawValue }

    /// Invariant: objects come from malloc, aligned to 16 bytes, and user space ends below 2^56.
    init(_ kind: Kind, _ object: AnyObject, generation: UInt8 = 0) {
        let address = UInt64(UInt(bitPattern: Unmanaged.passUnretained(object).toOpaque()))
        assert(address & Self.addressMask == address)
        bits = address | kind.rawValue | UInt64(generation) << 56
    }

    private static let addressMask: UInt64 = 0x00ff_ffff_ffff_fff0

    var kind: Kind { Kind(rawValue: bits & 15) ?? .none }

    var generation: UInt8 { UInt8(truncatingIfNeeded: bits >> 56) }

    /// The object's address; valid as a reference as long as the loop keeps the object for its requests.
    var pointer: UnsafeRawPointer? { UnsafeRawPointer(bitPattern: UInt(bits & Self.addressMask)) }
}
