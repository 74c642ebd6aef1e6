/// The server asks for another authentication method.
///
/// Source: MySQL protocol, "Protocol::AuthSwitchRequest".
public struct AuthSwitchRequest: Hashable, Sendable {
    /// The method; nil asks for the one before MySQL 4.1 (a lone 0xFE).
    public var method: String?
    /// The method's data, for instance a new challenge with its closing NUL.
    public var data: [UInt8]

    /// A request with the given fields.
    public init(method: String?, data: [UInt8]) {
        self.method = method
        self.data = data
    }

    /// Reads a request's payload.
    public init(decoding payload: Span<UInt8>) throws(WireError) {
        var reader = ByteReader(payload, of: "auth switch request")
        try reader.expect(0xFE, "the byte 0xFE")
        guard !reader.isAtEnd else {
            self.init(method: nil, data: [])
            return
        }
        let method = try reader.nulTerminated("the method's name")
        self.init(method: String(decoding: method, as: UTF8.self), data: reader.rest())
    }

    /// The request's payload.
    public func encode() -> [UInt8] {
        var writer = PayloadWriter(0xFE)
        guard let method else { return writer.bytes }
        writer.nulTerminated(method)
        writer.raw(data)
        return writer.bytes
    }

    /// The challenge in ``data``, without its closing NUL.
    public var scramble: [UInt8] { data.last == 0 ? data.dropLast() : data }
}

/// The server's side of a method's conversation goes on.
///
/// Source: MySQL protocol, "Protocol::AuthMoreData".
public struct AuthMoreData: Hashable, Sendable {
    /// What the method says.
    public var data: [UInt8]

    /// caching_sha2_password: the cached hash matched, an OK follows.
    public static let fastAuthOK = Self(data: [3])
    /// caching_sha2_password: the server wants the password itself, over TLS or encrypted with its key.
    public static let fullAuthNeeded = Self(data: [4])

    /// A packet with the given data.
    public init(data: [UInt8]) {
        self.data = data
    }

    /// Reads the payload.
    public init(decoding payload: Span<UInt8>) throws(WireError) {
        var reader = ByteReader(payload, of: "auth data")
        try reader.expect(1, "the byte 0x01")
        data = reader.rest()
    }

    /// The payload.
    public func encode() -> [UInt8] { [1] + data }
}
