import COpenSSL
import LuaVM
import MySQLWire

/// The hashes that scripts may use, by OpenSSL's libcrypto.
enum OpenSSLHash: HashFunctions {
    static func sha1(_ bytes: [UInt8]) -> [UInt8] { digest(bytes, EVP_sha1()) ?? [] }
    static func sha256(_ bytes: [UInt8]) -> [UInt8] { digest(bytes, EVP_sha256()) ?? [] }

    /// MD5: 16 bytes; nil where the machine's OpenSSL forbids it, as in FIPS mode.
    static func md5(_ bytes: [UInt8]) -> [UInt8]? { digest(bytes, EVP_md5()) }

    private static func digest(_ bytes: [UInt8], _ kind: OpaquePointer?) -> [UInt8]? {
        var length: UInt32 = 0
        var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        guard EVP_Digest(bytes, bytes.count, &digest, &length, kind, nil) == 1 else { return nil }
        return Array(digest.prefix(Int(length)))
    }
}
