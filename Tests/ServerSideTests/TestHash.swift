import COpenSSL
import MySQLWire

/// OpenSSL's hashes for the client's side of a login.
enum TestHash: HashFunctions {
    static func sha1(_ bytes: [UInt8]) -> [UInt8] { digest(bytes, EVP_sha1()) }
    static func sha256(_ bytes: [UInt8]) -> [UInt8] { digest(bytes, EVP_sha256()) }

    private static func digest(_ bytes: [UInt8], _ method: OpaquePointer?) -> [UInt8] {
        var output = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var length: UInt32 = 0
        EVP_Digest(bytes, bytes.count, &output, &length, method, nil)
        return Array(output.prefix(Int(length)))
    }
}
