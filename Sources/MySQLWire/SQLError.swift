/// An error as a MySQL client sees it: a number, a five-character SQLSTATE and a text.
public struct SQLError: Error, Hashable, Sendable {
    /// The error number, for instance 1045.
    public var code: UInt16
    /// The SQLSTATE: exactly five ASCII characters on the wire; shorter ones are filled up with zeros, longer ones cut.
    public var state: String
    /// What went wrong, for people.
    public var message: String

    /// An error with the given number, SQLSTATE and text.
    public init(code: UInt16, state: String = "HY000", message: String) {
        self.code = code
        self.state = state
        self.message = message
    }
}
