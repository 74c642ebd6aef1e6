import COpenSSL

/// The RSA key by which clients of caching_sha2_password send their password where the connection isn't encrypted.
///
/// Invariant for `@unchecked Sendable`: the key is never changed after it was made, and OpenSSL counts its users with
/// atomic operations.
package final class ServerKey: @unchecked Sendable {
    /// The process's key of 2048 bits; nil where OpenSSL couldn't make one.
    ///
    /// The first use takes some 100 ms, so do it before clients wait.
    package static let ofProcess = ServerKey()

    /// The public half as PEM text, "BEGIN PUBLIC KEY".
    package let publicPEM: [UInt8]
    private let key: OpaquePointer

    private init?() {
        guard let key = Self.makeKey() else { return nil }
        guard let pem = Self.pem(of: key) else {
            EVP_PKEY_free(key)
            return nil
        }
        self.key = key
        publicPEM = pem
    }

    deinit { EVP_PKEY_free(key) }

    /// The password that a client has put behind its challenge and encrypted; nil where it is no such thing.
    func decrypt(_ message: [UInt8], challenge: [UInt8]) -> [UInt8]? {
        guard let masked = RSAPadding.run(key, message, begin: EVP_PKEY_decrypt_init, EVP_PKEY_decrypt) else {
            return nil
        }
        return RSAPadding.unmask(masked, challenge: challenge)
    }

    private static func makeKey() -> OpaquePointer? {
        guard let context = EVP_PKEY_CTX_new_id(EVP_PKEY_RSA, nil) else { return nil }
        defer { EVP_PKEY_CTX_free(context) }
        var key: OpaquePointer?
        guard EVP_PKEY_keygen_init(context) == 1, EVP_PKEY_CTX_set_rsa_keygen_bits(context, 2048) == 1,
            EVP_PKEY_keygen(context, &key) == 1
        else { return nil }
        return key
    }

    private static func pem(of key: OpaquePointer) -> [UInt8]? {
        guard let bio = BIO_new(BIO_s_mem()) else { return nil }
        defer { BIO_free(bio) }
        guard PEM_write_bio_PUBKEY(bio, key) == 1 else { return nil }
        var text = [UInt8](repeating: 0, count: 4096)
        let count = BIO_read(bio, &text, Int32(text.count))
        return count > 0 ? Array(text.prefix(Int(count))) : nil
    }
}

/// The client's half: a password for the server whose public key is known.
enum PublicKey {
    /// The password as `pem`'s owner can read it; nil where that is no RSA key or the password is too long for it.
    static func encrypt(_ password: [UInt8], challenge: [UInt8], pem: [UInt8]) -> [UInt8]? {
        guard let length = Int32(exactly: pem.count), let bio = BIO_new_mem_buf(pem, length) else { return nil }
        defer { BIO_free(bio) }
        // The text of a server that isn't trusted: what is wrong with it is left in the thread's list of errors.
        defer { ERR_clear_error() }
        guard let key = PEM_read_bio_PUBKEY(bio, nil, nil, nil) else { return nil }
        defer { EVP_PKEY_free(key) }
        let masked = RSAPadding.mask(password, challenge: challenge)
        return RSAPadding.run(key, masked, begin: EVP_PKEY_encrypt_init, EVP_PKEY_encrypt)
    }
}

/// RSA with OAEP and SHA-1, and the challenge mixed into what is encrypted.
///
/// Source: MySQL source documentation, "Caching_sha2_password information".
private enum RSAPadding {
    typealias Begin = (OpaquePointer?) -> Int32
    typealias Operation = (
        OpaquePointer?, UnsafeMutablePointer<UInt8>?, UnsafeMutablePointer<Int>?, UnsafePointer<UInt8>?, Int
    ) -> Int32

    static func run(_ key: OpaquePointer, _ input: [UInt8], begin: Begin, _ operation: Operation) -> [UInt8]? {
        guard let context = EVP_PKEY_CTX_new(key, nil) else { return nil }
        defer { EVP_PKEY_CTX_free(context) }
        defer { ERR_clear_error() }
        guard begin(context) == 1, EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) == 1,
            EVP_PKEY_CTX_set_rsa_oaep_md(context, EVP_sha1()) == 1
        else { return nil }
        var count = 0
        guard operation(context, nil, &count, input, input.count) == 1, count > 0 else { return nil }
        var output = [UInt8](repeating: 0, count: count)
        guard operation(context, &output, &count, input, input.count) == 1 else { return nil }
        return Array(output.prefix(count))
    }

    static func mask(_ password: [UInt8], challenge: [UInt8]) -> [UInt8] {
        mixed(password + [0], challenge)
    }

    static func unmask(_ masked: [UInt8], challenge: [UInt8]) -> [UInt8]? {
        let text = mixed(masked, challenge)
        return text.last == 0 ? Array(text.dropLast()) : nil
    }

    private static func mixed(_ text: [UInt8], _ challenge: [UInt8]) -> [UInt8] {
        challenge.isEmpty ? text : text.indices.map { text[$0] ^ challenge[$0 % challenge.count] }
    }
}
