/// An authentication method that the funnel speaks, to clients and to servers.
package enum LoginMethod: BitwiseCopyable, Hashable, Sendable, CaseIterable {
    /// mysql_native_password: SHA-1; what is stored and a right answer make up what a login to a server needs.
    case native
    /// caching_sha2_password: SHA-256, and now and then the password itself, encrypted by RSA.
    case cachingSHA2
    /// client_ed25519 of MariaDB: a signature over the challenge.
    case ed25519

    /// The method that clients know by the given name; nil where it isn't spoken.
    package init?(name: String) {
        guard let method = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = method
    }

    /// The method's name on the wire.
    package var name: String {
        switch self {
        case .native: "mysql_native_password"
        case .cachingSHA2: "caching_sha2_password"
        case .ed25519: "client_ed25519"
        }
    }

    /// A new challenge and the data of the auth switch that carries it; nil where the system has no random bytes.
    func newChallenge() -> (challenge: [UInt8], data: [UInt8])? {
        switch self {
        case .native, .cachingSHA2: Digest.scramble().map { ($0, $0 + [0]) }
        // Thirty-two bytes of any value, and no NUL behind them.
        case .ed25519: Digest.random(32).map { ($0, $0) }
        }
    }
}
