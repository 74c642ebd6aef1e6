/// The hashes that authentication needs; the caller brings them, so that this ring needs no library.
public protocol HashFunctions {
    /// SHA-1: 20 bytes.
    static func sha1(_ bytes: [UInt8]) -> [UInt8]
    /// SHA-256: 32 bytes.
    static func sha256(_ bytes: [UInt8]) -> [UInt8]
}

/// mysql_native_password.
///
/// Source: MySQL internals manual, "Secure Password Authentication".
public enum NativePassword<Hash: HashFunctions> {
    /// The method's name.
    public static var name: String { "mysql_native_password" }

    /// What a server stores: SHA1(SHA1(password)), 20 bytes; empty for no password.
    public static func stored(_ password: [UInt8]) -> [UInt8] {
        password.isEmpty ? [] : Hash.sha1(Hash.sha1(password))
    }

    /// The client's answer to a challenge of 20 bytes; empty for no password.
    public static func response(password: [UInt8], scramble: [UInt8]) -> [UInt8] {
        password.isEmpty ? [] : response(hash: Hash.sha1(password), scramble: scramble)
    }

    /// The client's answer to a challenge of 20 bytes, made of SHA1(password).
    public static func response(hash: [UInt8], scramble: [UInt8]) -> [UInt8] {
        xor(hash, Hash.sha1(scramble + Hash.sha1(hash)))
    }

    /// SHA1(password), told from a right answer to the challenge by who knows what the server stores.
    public static func hash(response: [UInt8], scramble: [UInt8], stored: [UInt8]) -> [UInt8] {
        xor(response, Hash.sha1(scramble + stored))
    }

    /// SHA1(password) where `response` answers the challenge for the password behind `stored`; nil where it doesn't.
    public static func checkedHash(response: [UInt8], scramble: [UInt8], stored: [UInt8]) -> [UInt8]? {
        guard stored.count == 20, response.count == 20 else { return nil }
        let hash = hash(response: response, scramble: scramble, stored: stored)
        return constantTimeEqual(Hash.sha1(hash), stored) ? hash : nil
    }

    /// Whether `response` answers the challenge for the password behind `stored`.
    public static func check(response: [UInt8], scramble: [UInt8], stored: [UInt8]) -> Bool {
        guard !stored.isEmpty else { return response.isEmpty }
        return checkedHash(response: response, scramble: scramble, stored: stored) != nil
    }
}

/// caching_sha2_password, its fast path.
///
/// Source: MySQL source documentation, "Caching_sha2_password information".
public enum CachingSHA2Password<Hash: HashFunctions> {
    /// The method's name.
    public static var name: String { "caching_sha2_password" }

    /// What a server caches: SHA256(SHA256(password)), 32 bytes; empty for no password.
    public static func stored(_ password: [UInt8]) -> [UInt8] {
        password.isEmpty ? [] : Hash.sha256(Hash.sha256(password))
    }

    /// The client's answer to a challenge of 20 bytes; empty for no password.
    public static func response(password: [UInt8], scramble: [UInt8]) -> [UInt8] {
        password.isEmpty ? [] : response(hash: Hash.sha256(password), scramble: scramble)
    }

    /// The client's answer to a challenge of 20 bytes, made of SHA256(password).
    public static func response(hash: [UInt8], scramble: [UInt8]) -> [UInt8] {
        xor(hash, Hash.sha256(Hash.sha256(hash) + scramble))
    }

    /// SHA256(password), told from a right answer to the challenge by who knows what the server caches.
    public static func hash(response: [UInt8], scramble: [UInt8], stored: [UInt8]) -> [UInt8] {
        xor(response, Hash.sha256(stored + scramble))
    }

    /// SHA256(password) where `response` answers the challenge for the password behind `stored`; nil where it doesn't.
    public static func checkedHash(response: [UInt8], scramble: [UInt8], stored: [UInt8]) -> [UInt8]? {
        guard stored.count == 32, response.count == 32 else { return nil }
        let hash = hash(response: response, scramble: scramble, stored: stored)
        return constantTimeEqual(Hash.sha256(hash), stored) ? hash : nil
    }

    /// Whether `response` answers the challenge for the password behind `stored`.
    public static func check(response: [UInt8], scramble: [UInt8], stored: [UInt8]) -> Bool {
        guard !stored.isEmpty else { return response.isEmpty }
        return checkedHash(response: response, scramble: scramble, stored: stored) != nil
    }
}

/// Whether two secrets are the same; the time it takes depends on their lengths only.
public func constantTimeEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    guard left.count == right.count else { return false }
    var difference: UInt8 = 0
    for (one, other) in zip(left, right) { difference |= one ^ other }
    return difference == 0
}

private func xor(_ left: [UInt8], _ right: [UInt8]) -> [UInt8] {
    zip(left, right).map { $0 ^ $1 }
}
