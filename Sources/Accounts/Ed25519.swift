import COpenSSL

/// client_ed25519: signatures with a key that is made of the password itself.
///
/// It is Ed25519 as in RFC 8032 but for one thing: the secret scalar and the prefix are SHA-512 of the password, not of a
/// seed of 32 bytes. Source: MariaDB knowledge base, "Authentication Plugin - ed25519".
package enum Ed25519 {
    /// What a server stores for `password`: 32 bytes; nil where OpenSSL fails.
    package static func publicKey(password: [UInt8]) -> [UInt8]? {
        EdwardsCurve.shared?.multipleOfBase(secretScalar(Digest.sha512(password)))
    }

    /// The signature of `message`, 64 bytes; nil where OpenSSL fails.
    package static func sign(_ message: [UInt8], password: [UInt8]) -> [UInt8]? {
        let hash = Digest.sha512(password)
        let secret = secretScalar(hash)
        guard let curve = EdwardsCurve.shared, let key = curve.multipleOfBase(secret),
            let nonce = curve.reduced(Digest.sha512(hash[32...] + message)),
            let point = curve.multipleOfBase(nonce),
            let answer = curve.productSum(Digest.sha512(point + key + message), secret, nonce)
        else { return nil }
        return point + answer
    }

    /// Whether the signature of `message` was made with the secret behind `publicKey`.
    package static func verify(_ signature: [UInt8], of message: [UInt8], publicKey: [UInt8]) -> Bool {
        guard signature.count == 64, publicKey.count == 32 else { return false }
        defer { ERR_clear_error() }
        guard let key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, publicKey, publicKey.count) else {
            return false
        }
        defer { EVP_PKEY_free(key) }
        guard let context = EVP_MD_CTX_new() else { return false }
        defer { EVP_MD_CTX_free(context) }
        return EVP_DigestVerifyInit(context, nil, nil, nil, key) == 1
            && EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    }

    /// The first half of the hash with the bits set and cleared that RFC 8032 wants so.
    private static func secretScalar(_ hash: [UInt8]) -> [UInt8] {
        var scalar = Array(hash.prefix(32))
        scalar[0] &= 0xF8
        scalar[31] = scalar[31] & 0x7F | 0x40
        return scalar
    }
}
