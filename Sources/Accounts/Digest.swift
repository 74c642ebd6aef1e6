import COpenSSL
import MySQLWire

/// The hashes and random bytes of OpenSSL's libcrypto.
package enum Digest: HashFunctions {
    package static func sha1(_ bytes: [UInt8]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: Int(SHA_DIGEST_LENGTH)) { buffer, count in
            // SHA1 reads bytes.count bytes and writes exactly the capacity asked for.
            SHA1(bytes, bytes.count, buffer.baseAddress)
            count = Int(SHA_DIGEST_LENGTH)
        }
    }

    package static func sha256(_ bytes: [UInt8]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: Int(SHA256_DIGEST_LENGTH)) { buffer, count in
            // SHA256 reads bytes.count bytes and writes exactly the capacity asked for.
            SHA256(bytes, bytes.count, buffer.baseAddress)
            count = Int(SHA256_DIGEST_LENGTH)
        }
    }

    /// SHA-512: 64 bytes.
    package static func sha512(_ bytes: [UInt8]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: Int(SHA512_DIGEST_LENGTH)) { buffer, count in
            // SHA512 reads bytes.count bytes and writes exactly the capacity asked for.
            SHA512(bytes, bytes.count, buffer.baseAddress)
            count = Int(SHA512_DIGEST_LENGTH)
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
    package static func scramble() -> [UInt8]? {
        random(20)?.map { byte in
            let low = byte & 0x7F
            return low == 0 || low == UInt8(ascii: "$") ? low + 1 : low
        }
    }
}
