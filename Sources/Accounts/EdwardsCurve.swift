import COpenSSL

/// Arithmetic on the curve of Ed25519, which OpenSSL has, but not for secret scalars of one's own.
///
/// The points are multiplied on the equivalent Weierstrass curve, where OpenSSL's ladder takes the same time for every
/// scalar, and mapped back. Numbers come and go as bytes, lowest first.
/// Source: RFC 8032, section 5.1; RFC 7748, section 4.1; draft-ietf-lwig-curve-representations, appendix E (the constants).
///
/// Invariant for `@unchecked Sendable`: nothing here is changed after `init`, and it lives as long as the process.
final class EdwardsCurve: @unchecked Sendable {
    /// The one curve; nil where OpenSSL has no memory or no such curves.
    static let shared = EdwardsCurve()

    private let prime = number("7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed")
    private let order = number("1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed")
    /// What Weierstrass x lies beyond Montgomery u: 486662/3.
    private let shift = number("2aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaad2451")
    /// The square root of -486664 that maps base point to base point.
    private let root = number("0f26edf460a006bbd27b08dc03fc4f7ec5a1d3d14b7d1a82cc6e04aaff457e06")
    private let group: OpaquePointer

    private init?() {
        let a = Self.number("2aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa984914a144")
        let b = Self.number("7b425ed097b425ed097b425ed097b425ed097b425ed097b4260b5e9c7710c864")
        defer {
            BN_free(a)
            BN_free(b)
        }
        guard let group = EC_GROUP_new_curve_GFp(prime, a, b, nil) else { return nil }
        self.group = group
        guard setBase() else { return nil }
    }

    private func setBase() -> Bool {
        let x = Self.number("2aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaad245a")
        let y = Self.number("5f51e65e475f794b1fe122d388b72eb36dc2b28192839e4dd6163a5d81312c14")
        let (cofactor, base) = (Self.number("8"), EC_POINT_new(group))
        defer {
            for number in [x, y, cofactor] { BN_free(number) }
            EC_POINT_free(base)
        }
        return EC_POINT_set_affine_coordinates(group, base, x, y, nil) == 1
            && EC_GROUP_set_generator(group, base, order, cofactor) == 1
    }

    private static func number(_ hexadecimal: String) -> OpaquePointer? {
        var number: OpaquePointer?
        BN_hex2bn(&number, hexadecimal)
        return number
    }
}

// MARK: Operations

extension EdwardsCurve {
    /// `scalar` times the base point, encoded as in RFC 8032; nil where OpenSSL fails.
    func multipleOfBase(_ scalar: [UInt8]) -> [UInt8]? {
        let scratch = Scratch()
        let point = EC_POINT_new(group)
        defer {
            EC_POINT_clear_free(point)
            scratch.free()
        }
        guard let point, let factor = scratch.number(scalar), let x = scratch.number(), let y = scratch.number(),
            EC_POINT_mul(group, point, factor, nil, nil, scratch.context) == 1,
            EC_POINT_get_affine_coordinates(group, point, x, y, scratch.context) == 1
        else { return nil }
        return encoded(x, y, scratch)
    }

    /// A number modulo the group's order; nil where OpenSSL fails.
    func reduced(_ number: [UInt8]) -> [UInt8]? {
        productSum(number, [1], [])
    }

    /// One number times another plus a third, modulo the group's order; nil where OpenSSL fails.
    func productSum(_ left: [UInt8], _ right: [UInt8], _ addend: [UInt8]) -> [UInt8]? {
        let scratch = Scratch()
        defer { scratch.free() }
        guard let left = scratch.number(left), let right = scratch.number(right), let addend = scratch.number(addend),
            BN_mod_mul(left, left, right, order, scratch.context) == 1,
            BN_mod_add(left, left, addend, order, scratch.context) == 1
        else { return nil }
        return scratch.bytes(left)
    }

    /// Edwards y = (u - 1) / (u + 1) in 255 bits, and above them the lowest bit of Edwards x = root · u / v.
    private func encoded(_ u: OpaquePointer, _ v: OpaquePointer, _ scratch: Scratch) -> [UInt8]? {
        let context = scratch.context
        guard let one = scratch.number([1]), let below = scratch.number(), let above = scratch.number(),
            BN_mod_sub(u, u, shift, prime, context) == 1,
            BN_mod_sub(below, u, one, prime, context) == 1,
            BN_mod_add(above, u, one, prime, context) == 1,
            divide(below, by: above, context), divide(u, by: v, context),
            BN_mod_mul(u, u, root, prime, context) == 1, var bytes = scratch.bytes(below)
        else { return nil }
        if BN_is_odd(u) == 1 { bytes[31] |= 0x80 }
        return bytes
    }

    /// Leaves the quotient in `number`, and the divisor's inverse in `divisor`.
    private func divide(_ number: OpaquePointer, by divisor: OpaquePointer, _ context: OpaquePointer?) -> Bool {
        guard BN_mod_inverse(divisor, divisor, prime, context) != nil else { return false }
        return BN_mod_mul(number, number, divisor, prime, context) == 1
    }
}

/// The numbers of one calculation, which OpenSSL wipes and frees together.
private struct Scratch {
    let context = BN_CTX_secure_new()

    init() { if context != nil { BN_CTX_start(context) } }

    func free() {
        guard context != nil else { return }
        BN_CTX_end(context)
        BN_CTX_free(context)
    }

    /// A new number, 0 at first; nil where there is no memory.
    func number() -> OpaquePointer? {
        context.flatMap(BN_CTX_get)
    }

    /// The number behind bytes, lowest first.
    func number(_ bytes: [UInt8]) -> OpaquePointer? {
        number().flatMap { BN_lebin2bn(bytes, Int32(clamping: bytes.count), $0) }
    }

    /// Thirty-two bytes, lowest first; nil where the number is longer.
    func bytes(_ number: OpaquePointer) -> [UInt8]? {
        var output = [UInt8](repeating: 0, count: 32)
        return BN_bn2lebinpad(number, &output, 32) == 32 ? output : nil
    }
}
