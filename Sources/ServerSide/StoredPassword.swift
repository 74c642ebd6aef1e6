/// A password as a server keeps it: hashes of which the password can't be had back.
public struct StoredPassword: Sendable {
    /// SHA1(SHA1(password)), 20 bytes; empty for the empty password.
    public let nativeHash: [UInt8]
    /// SHA256(SHA256(password)), 32 bytes; empty for the empty password.
    public let sha2Hash: [UInt8]

    /// The hashes of `password`; the empty password lets in whoever gives none.
    public init(_ password: String) {
        let bytes = Array(password.utf8)
        nativeHash = bytes.isEmpty ? [] : Digest.sha1(Digest.sha1(bytes))
        sha2Hash = bytes.isEmpty ? [] : Digest.sha256(Digest.sha256(bytes))
    }

    /// Whether the client's answer to `scramble` proves that it knows the password.
    ///
    /// Source: MySQL protocol, "Native Authentication" and "Caching_sha2_password information".
    public func accepts(_ response: [UInt8], method: AuthMethod, scramble: [UInt8]) -> Bool {
        guard !nativeHash.isEmpty else { return response.isEmpty || response == [0] }
        switch method {
        case .native: return acceptsNative(response, scramble)
        case .cachingSHA2: return acceptsSHA2(response, scramble)
        }
    }

    private func acceptsNative(_ response: [UInt8], _ scramble: [UInt8]) -> Bool {
        guard response.count == nativeHash.count else { return false }
        let inner = Self.xor(response, Digest.sha1(scramble + nativeHash))
        return Digest.equal(Digest.sha1(inner), nativeHash)
    }

    private func acceptsSHA2(_ response: [UInt8], _ scramble: [UInt8]) -> Bool {
        guard response.count == sha2Hash.count else { return false }
        let inner = Self.xor(response, Digest.sha256(sha2Hash + scramble))
        return Digest.equal(Digest.sha256(inner), sha2Hash)
    }

    private static func xor(_ left: [UInt8], _ right: [UInt8]) -> [UInt8] {
        zip(left, right).map { $0 ^ $1 }
    }
}
