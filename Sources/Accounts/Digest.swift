import COpenSSL
import MySQLWire

/// The hashes and random bytes of OpenSSL's libcrypto.
package enum Digest: HashFunctions {
    package static func sha1(_ bytes: [UInt8]) -> [UInt8] { digest(bytes, .sha1) }

    package static func sha256(_ bytes: [UInt8]) -> [UInt8] { digest(bytes, .sha256) }

    /// SHA-512: 64 bytes.
    package static func sha512(_ bytes: [UInt8]) -> [UInt8] { digest(bytes, .sha512) }

    private static func digest(_ bytes: [UInt8], _ algorithm: DigestAlgorithm) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: algorithm.size) { buffer, count in
            // EVP_Digest reads bytes.count bytes and writes exactly the capacity asked for.
            let status = EVP_Digest(bytes, bytes.count, buffer.baseAddress, nil, algorithm.method, nil)
            precondition(status == 1, "OpenSSL is out of memory")
            count = algorithm.size
        }
    }

    /// Bytes that nobody can foretell.
    ///
    /// - Returns: nil where the system has no random bytes.
    package static func random(_ count: UInt8) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: Int(count))
        guard RAND_bytes(&bytes, Int32(count)) == 1 else { return nil }
        return bytes
    }

    /// Twenty bytes of a challenge: seven bits each, neither NUL nor `$`, which some clients end a challenge at.
    ///
    /// - Returns: nil where the system has no random bytes.
    package static func scramble() -> [UInt8]? { random(UInt8(scrambleSize))?.map(spoken) }

    static let scrambleSize = 20

    /// A byte as challenges may have it.
    static func spoken(_ byte: UInt8) -> UInt8 {
        let low = byte & 0x7F
        return low == 0 || low == UInt8(ascii: "$") ? low + 1 : low
    }
}

/// A hash function of OpenSSL's, looked up once: by name it takes several times the hash's own time.
///
/// Invariant of the unchecked sendability: the method is never changed, and lives as long as the process.
private struct DigestAlgorithm: @unchecked Sendable {
    /// What OpenSSL knows it by; nil, which fails every hash, where OpenSSL hasn't got it.
    let method: OpaquePointer?
    /// The bytes of a hash.
    let size: Int

    private init(_ name: String, size: Int32) {
        method = EVP_MD_fetch(nil, name, nil)
        self.size = Int(size)
    }

    static let sha1 = Self("SHA1", size: SHA_DIGEST_LENGTH)
    static let sha256 = Self("SHA256", size: SHA256_DIGEST_LENGTH)
    static let sha512 = Self("SHA512", size: SHA512_DIGEST_LENGTH)
}
