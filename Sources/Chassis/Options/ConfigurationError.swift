/// Why the process can't start with what it was told; its description is the whole message for the user.
public struct ConfigurationError: Error, Equatable, CustomStringConvertible, Sendable {
    /// What was wrong, where, and what to do.
    public let description: String

    /// An error with the given message.
    public init(_ description: String) {
        self.description = description
    }
}
