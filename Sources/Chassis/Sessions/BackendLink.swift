import MySQLWire
import PluginAPI
import ProxyCore

/// What a backend connection has become by its login: it goes with the connection from session to session.
struct BackendLink {
    /// The greeting that the server began with, less what the proxy can't follow.
    var greeting: Greeting
    /// What client and server have agreed on at the connection's begin, for its whole life.
    var capabilities: Capabilities
    /// The user that the server knows the connection by.
    var user: [UInt8]
    /// The collation of the login.
    var collation: UInt16
    /// The default schema when it was parked.
    var schema: [UInt8] = []
    /// The flags that its last answer told.
    var status: StatusFlags = []
    /// The session whose variables, tables and locks may be on it.
    var owner: UInt64

    /// Whether a logged-in session may go on with this connection in place of its own.
    ///
    /// A session without a default schema can't get rid of another one's.
    func suits(_ wish: Wish) -> Bool {
        user == wish.user && collation == wish.collation
            && SessionMachine.mayShare(capabilities, wish.capabilities) && (!wish.schema.isEmpty || schema.isEmpty)
    }

    /// What a session needs of a connection.
    struct Wish {
        var user: [UInt8]
        var collation: UInt16
        var capabilities: Capabilities
        var schema: [UInt8]
        /// The session's number: its own connection is preferred.
        var session: UInt64
    }
}
