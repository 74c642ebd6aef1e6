import COpenSSL
import MySQLWire

/// A password as MySQL 8 keeps it for caching_sha2_password: SHA-crypt with SHA-256 and a salt of twenty bytes.
///
/// Source: Ulrich Drepper, "Unix crypt using SHA-256 and SHA-512"; MySQL source documentation, "Caching_sha2_password
/// information". A check takes a millisecond on purpose.
package struct SHA2Crypt: Hashable, Sendable {
    /// How often the hash is hashed again, in thousands: 5 unless the server was told otherwise.
    package let kilorounds: Int
    /// Twenty bytes, seldom printable.
    package let salt: [UInt8]
    /// Forty-three characters of crypt's own base 64.
    package let hash: [UInt8]

    /// Reads `$A$005$`, salt and hash: 70 bytes, as in `authentication_string` of mysql.user; nil where it isn't that.
    package init?(_ text: some Sequence<UInt8>) {
        let bytes = Array(text)
        let digits = String(decoding: bytes.dropFirst(3).prefix(3), as: UTF8.self)
        guard bytes.count == 70, bytes.starts(with: Array("$A$".utf8)), bytes[6] == UInt8(ascii: "$"),
            let kilorounds = Int(digits, radix: 16), kilorounds > 0
        else { return nil }
        self.kilorounds = kilorounds
        salt = Array(bytes[7..<27])
        hash = Array(bytes[27...])
    }

    /// What a server would keep of `password` with the given salt.
    package init(password: [UInt8], salt: [UInt8], kilorounds: Int = 5) {
        self.kilorounds = kilorounds
        self.salt = salt
        hash = Self.crypt(password, salt: salt, rounds: kilorounds * 1000)
    }

    /// Whether this was made of `password`.
    package func accepts(_ password: [UInt8]) -> Bool {
        hash.count == 43 && constantTimeEqual(Self.crypt(password, salt: salt, rounds: kilorounds * 1000), hash)
    }

    /// The text as a server stores it.
    package var text: [UInt8] {
        let digits = String(kilorounds, radix: 16, uppercase: true)
        let count = String(repeating: "0", count: max(0, 3 - digits.count)) + digits
        return Array("$A$\(count)$".utf8) + salt + hash
    }
}

// MARK: SHA-crypt

extension SHA2Crypt {
    /// The hash's 43 characters; none where OpenSSL fails, which match nothing.
    static func crypt(_ password: [UInt8], salt: [UInt8], rounds: Int) -> [UInt8] {
        var result = first(password, salt: salt)
        let long = stretched(Digest.sha256(Array(repeatElement(password, count: password.count).joined())), password)
        let times = 16 + Int(result.first ?? 0)
        let saltLong = stretched(Digest.sha256(Array(repeatElement(salt, count: times).joined())), salt)
        let hasher = EVP_MD_CTX_new()
        defer { EVP_MD_CTX_free(hasher) }
        guard let hasher, EVP_DigestInit_ex(hasher, EVP_sha256(), nil) == 1 else { return [] }
        for round in 0..<rounds {
            // One context for all: OpenSSL looks its hash up for every single call otherwise.
            let isOdd = round % 2 == 1
            EVP_DigestInit_ex(hasher, nil, nil)
            EVP_DigestUpdate(hasher, isOdd ? long : result, isOdd ? long.count : result.count)
            if round % 3 != 0 { EVP_DigestUpdate(hasher, saltLong, saltLong.count) }
            if round % 7 != 0 { EVP_DigestUpdate(hasher, long, long.count) }
            EVP_DigestUpdate(hasher, isOdd ? result : long, isOdd ? result.count : long.count)
            EVP_DigestFinal_ex(hasher, &result, nil)
        }
        return letters(of: result)
    }

    /// The hash that the rounds begin with.
    private static func first(_ password: [UInt8], salt: [UInt8]) -> [UInt8] {
        let alternate = Digest.sha256(password + salt + password)
        var input = password + salt + stretched(alternate, password)
        var length = password.count
        while length > 0 {
            input += length % 2 == 1 ? alternate : password
            length >>= 1
        }
        return Digest.sha256(input)
    }

    /// `hash` over and over, as many bytes as `model` has.
    private static func stretched(_ hash: [UInt8], _ model: [UInt8]) -> [UInt8] {
        model.indices.map { hash[$0 % hash.count] }
    }

    /// Crypt's base 64: groups of three bytes from all over the hash, the lowest six bits first.
    private static func letters(of hash: [UInt8]) -> [UInt8] {
        let alphabet = Array("./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
        func letters(_ value: UInt32, count: UInt32) -> [UInt8] {
            (0..<count).map { alphabet[Int(value >> (6 * $0) & 63)] }
        }
        var text: [UInt8] = []
        var (high, middle, low) = (0, 10, 20)
        for _ in 0..<10 {
            text += letters(UInt32(hash[high]) << 16 | UInt32(hash[middle]) << 8 | UInt32(hash[low]), count: 4)
            (high, middle, low) = (low + 1, high + 1, middle + 1)
        }
        return text + letters(UInt32(hash[31]) << 8 | UInt32(hash[30]), count: 3)
    }
}
