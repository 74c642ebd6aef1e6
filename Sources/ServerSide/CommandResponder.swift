public import MySQLWire

/// What a server inside the process knows and does, for one client's session.
///
/// Methods are called on the event loop's thread, one command at a time, and must not block: long work goes to a thread
/// of the responder's own. Every ``CommandReply`` is ended exactly once, from whichever thread; the next command waits for it.
public protocol CommandResponder: AnyObject, Sendable {
    /// The password was right: the session begins, or begins anew after COM_CHANGE_USER; an error refuses the login.
    func admit(user: String, schema: String?, _ reply: CommandReply)

    /// COM_QUERY: one statement or, where ``CommandReply/allowsSeveralStatements``, several.
    func query(_ statement: [UInt8], _ reply: CommandReply)

    /// COM_STMT_PREPARE: answered by ``CommandReply/prepared(parameters:columns:)`` or an error.
    func prepare(_ statement: [UInt8], id: UInt32, _ reply: CommandReply)

    /// COM_STMT_EXECUTE of a statement that was prepared under `id`, with as many parameters as it has.
    func execute(id: UInt32, parameters: [BinaryValue], _ reply: CommandReply)

    /// COM_STMT_CLOSE: the statement isn't used again.
    func closeStatement(id: UInt32)

    /// COM_INIT_DB.
    func useSchema(_ name: String, _ reply: CommandReply)

    /// COM_FIELD_LIST: answered by ``CommandReply/fields(_:)`` or an error.
    func listFields(table: String, pattern: String, _ reply: CommandReply)

    /// COM_RESET_CONNECTION: transaction, variables and prepared statements are gone.
    func reset(_ reply: CommandReply)

    /// COM_STATISTICS: one line of text.
    func statistics() -> String

    /// The client is gone; a running command should end soon. Called exactly once.
    func ended()
}
