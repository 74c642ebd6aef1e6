import MySQLWire

/// What is known of a client's secret once its login was right: enough to log in to a server as that client, or not.
package struct Proof: Hashable, Sendable {
    /// The password itself; empty for the empty one.
    package var password: [UInt8]?
    /// SHA1(password), all that mysql_native_password needs.
    package var sha1: [UInt8]?
    /// SHA256(password), all that caching_sha2_password needs as long as the server has the account in its cache.
    package var sha256: [UInt8]?

    /// What is known; by default nothing.
    package init(password: [UInt8]? = nil, sha1: [UInt8]? = nil, sha256: [UInt8]? = nil) {
        self.password = password
        self.sha1 = sha1
        self.sha256 = sha256
    }

    /// This and whatever `other` knows besides.
    package func merged(with other: Proof) -> Proof {
        Proof(password: password ?? other.password, sha1: sha1 ?? other.sha1, sha256: sha256 ?? other.sha256)
    }

    /// The answer to a challenge of mysql_native_password; nil where neither password nor SHA1(password) is known.
    func nativeResponse(_ challenge: [UInt8]) -> [UInt8]? {
        if let password { return NativePassword<Digest>.response(password: password, scramble: challenge) }
        return sha1.map { NativePassword<Digest>.response(hash: $0, scramble: challenge) }
    }

    /// The fast answer to a challenge of caching_sha2_password; nil where neither password nor SHA256(password) is known.
    func cachingSHA2Response(_ challenge: [UInt8]) -> [UInt8]? {
        if let password { return CachingSHA2Password<Digest>.response(password: password, scramble: challenge) }
        return sha256.map { CachingSHA2Password<Digest>.response(hash: $0, scramble: challenge) }
    }
}

extension Proof: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Which secrets are known, never what they are: this may get into a log.
    package var description: String {
        let known = [password.map { _ in "password" }, sha1.map { _ in "SHA1" }, sha256.map { _ in "SHA256" }]
        return "Proof(\(known.compactMap { $0 }.joined(separator: ", ")))"
    }

    /// The same as ``description``.
    package var debugDescription: String { description }

    /// Shows no secret either.
    package var customMirror: Mirror { Mirror(self, children: []) }
}
