/// Whose server it is.
public enum ServerFlavour: BitwiseCopyable, Hashable, Sendable {
    /// MySQL, or something that speaks like it.
    case mysql
    /// MariaDB.
    case mariadb
}

/// A server's version number; MariaDB's replication prefix `5.5.5-` is taken off.
public struct ServerVersion: BitwiseCopyable, Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The first number.
    public var major: Int
    /// The second number; 0 where there is none.
    public var minor: Int
    /// The third number; 0 where there is none.
    public var patch: Int

    /// A version.
    public init(major: Int, minor: Int, patch: Int) {
        self.major = major
        self.minor = minor
        self.patch = patch
    }

    /// Reads the number at the front of a version text, for instance of `8.4.2-log`; what isn't there is 0.
    public init(_ text: String) {
        let number = Self.withoutPrefix(text[...]).prefix { $0 == "." || ($0.isASCII && $0.isNumber) }
        let parts = number.split(separator: ".").map { Int($0) ?? 0 }
        major = parts.first ?? 0
        minor = parts.count > 1 ? parts[1] : 0
        patch = parts.count > 2 ? parts[2] : 0
    }

    /// Whether `left` is older.
    public static func < (left: Self, right: Self) -> Bool {
        (left.major, left.minor, left.patch) < (right.major, right.minor, right.patch)
    }

    /// The three numbers with dots between.
    public var description: String { "\(major).\(minor).\(patch)" }

    private static func withoutPrefix(_ text: Substring) -> Substring {
        guard text.hasPrefix("5.5.5-") else { return text }
        let tail = text.dropFirst(6)
        return tail.first?.isNumber == true ? tail : text
    }
}

extension Greeting {
    /// The server's version number, `5.5.5-` taken off.
    public var serverVersionNumber: ServerVersion { ServerVersion(serverVersion) }

    /// Whose server it is, by its version text and by CLIENT_MYSQL, which MariaDB clears.
    public var flavour: ServerFlavour {
        serverVersion.lowercased().contains("mariadb") || !capabilities.contains(.longPassword) ? .mariadb : .mysql
    }
}
