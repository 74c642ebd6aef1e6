/// Bytes that don't say what the protocol wants said at that place.
public struct WireError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The packet that was being read or built, for instance `greeting`.
    public var packet: String
    /// What should have been there.
    public var expected: String
    /// Bytes in front of the place, from the payload's first byte.
    public var offset: Int

    /// An error in `packet`, at `offset`.
    public init(packet: String, expected: String, offset: Int) {
        self.packet = packet
        self.expected = expected
        self.offset = offset
    }

    /// The error as a sentence for the log.
    public var description: String {
        "malformed \(packet): expected \(expected) at byte \(offset)"
    }
}
