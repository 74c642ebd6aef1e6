/// What went wrong in a Lua state.
public struct LuaError: Error, Equatable, Sendable {
    /// Which of Lua's failures it is.
    public enum Kind: Equatable, Sendable {
        /// The text is not Lua; the message names the chunk and the line.
        case syntax
        /// A script or a library raised it.
        case runtime
        /// The memory ceiling, or the machine's memory.
        case memory
        /// The instruction budget.
        case budget
        /// A Swift callback threw it; the script's position is added on the way to Lua.
        case host
    }

    /// Which of Lua's failures it is.
    public var kind: Kind
    /// The message, with chunk and line in front where Lua knows them; bytes that are not UTF-8 are replaced.
    public var message: String
    /// The stack when it was raised; empty where Lua couldn't tell.
    public var traceback: String

    /// An error for a callback to throw.
    public init(_ message: String, kind: Kind = .host, traceback: String = "") {
        self.kind = kind
        self.message = message
        self.traceback = traceback
    }
}
