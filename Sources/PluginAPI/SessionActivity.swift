public import MySQLWire
public import Pooling

/// What a session does at a moment: a row of the list of all sessions.
public struct SessionActivity: Sendable {
    /// Who the client is, or wants to be; empty before it has said so.
    public var user = ""
    /// Its default schema; empty for none.
    public var schema: [UInt8] = []
    /// The command under way; nil between commands, and during the login.
    public var command: Command?
    /// Whether the login isn't finished.
    public var isLoggingIn = false
    /// Since when the command is under way; nil between commands.
    public var since: MonotonicTime?
    /// The begin of the command's text, ``longestText`` bytes at most; nil where there is none, or nobody has kept it.
    public var text: [UInt8]?
    /// Where the session's statements go; nil for the usual hostgroup, or where a script names the server itself.
    public var hostgroup: Int?
    /// The server whose connection it has; nil without one.
    public var backend: Backend?
    /// The proxy's end of that connection.
    public var backendLocalAddress: String?
    /// The server's id of that connection.
    public var backendConnectionID: UInt32?
    /// The flags of the last answer.
    public var status: StatusFlags = []
    /// Whether it waits for a connection.
    public var isWaiting = false
    /// Why it must keep its connection, in words.
    public var pins: [String] = []

    /// Longer texts are cut: there may be many sessions.
    public static let longestText = 4096

    /// Nothing is known yet.
    public init() {}
}
