import Accounts
import MySQLWire

/// A password as a server keeps it: hashes of which the password can't be had back.
public struct StoredPassword: Sendable {
    /// SHA1(SHA1(password)), 20 bytes; empty for the empty password.
    public let nativeHash: [UInt8]
    /// SHA256(SHA256(password)), 32 bytes; empty for the empty password.
    public let sha2Hash: [UInt8]

    /// The hashes of `password`; the empty password lets in whoever gives none.
    public init(_ password: String) {
        nativeHash = NativePassword<Digest>.stored(Array(password.utf8))
        sha2Hash = CachingSHA2Password<Digest>.stored(Array(password.utf8))
    }

    /// The password whose hashes were kept; nil where one hasn't its length.
    public init?(nativeHash: [UInt8], sha2Hash: [UInt8]) {
        guard nativeHash.count == 20, sha2Hash.count == 32 else { return nil }
        self.nativeHash = nativeHash
        self.sha2Hash = sha2Hash
    }

    /// Whether the client's answer to `scramble` proves that it knows the password.
    public func accepts(_ response: [UInt8], method: AuthMethod, scramble: [UInt8]) -> Bool {
        // MySQL's own clients tell an empty password by one NUL in caching_sha2_password.
        if nativeHash.isEmpty { return response.isEmpty || response == [0] }
        switch method {
        case .native:
            return NativePassword<Digest>.check(response: response, scramble: scramble, stored: nativeHash)
        case .cachingSHA2:
            return CachingSHA2Password<Digest>.check(response: response, scramble: scramble, stored: sha2Hash)
        }
    }
}
