/// A login method that this server checks itself.
public enum AuthMethod: UInt8, BitwiseCopyable, Sendable {
    /// mysql_native_password: SHA-1, known to every client.
    case native
    /// caching_sha2_password, its fast path only: SHA-256, what MySQL 8 and 9 clients begin with.
    case cachingSHA2

    /// The method of the given name; nil where this server doesn't know it.
    public init?(name: String) {
        switch name {
        case AuthMethod.native.name: self = .native
        case AuthMethod.cachingSHA2.name: self = .cachingSHA2
        case _: return nil
        }
    }

    /// The method's name on the wire.
    public var name: String {
        switch self {
        case .native: "mysql_native_password"
        case .cachingSHA2: "caching_sha2_password"
        }
    }
}
