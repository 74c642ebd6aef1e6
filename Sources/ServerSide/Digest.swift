import COpenSSL
import MySQLWire

/// SHA-1, SHA-256 and random bytes of OpenSSL's libcrypto.
enum Digest: HashFunctions {
    static func sha1(_ bytes: [UInt8]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: Int(SHA_DIGEST_LENGTH)) { buffer, count in
            // SHA1 reads bytes.count bytes and writes exactly the capacity asked for.
            SHA1(bytes, bytes.count, buffer.baseAddress)
            count = Int(SHA_DIGEST_LENGTH)
        }
    }

    static func sha256(_ bytes: [UInt8]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: Int(SHA256_DIGEST_LENGTH)) { buffer, count in
            // SHA256 reads bytes.count bytes and writes exactly the capacity asked for.
            SHA256(bytes, bytes.count, buffer.baseAddress)
            count = Int(SHA256_DIGEST_LENGTH)
        }
    }

    /// Twenty bytes of a challenge: seven bits each, neither NUL nor `$`, which some clients end a challenge at.
    ///
    /// - Returns: nil where the system has no random bytes.
    static func scramble() -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 20)
        guard RAND_bytes(&bytes, 20) == 1 else { return nil }
        return bytes.map { byte in
            let low = byte & 0x7F
            return low == 0 || low == UInt8(ascii: "$") ? low + 1 : low
        }
    }
}
