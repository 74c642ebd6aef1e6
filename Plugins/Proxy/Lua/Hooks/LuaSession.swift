import LuaVM
import MySQLWire
import PluginAPI

/// The way from Lua's objects to their session, for as long as it lasts.
///
/// Not a weak reference: those make every later retain of the session several times slower.
final class LuaSessionHandle {
    fileprivate(set) var scope: LuaSession?
}

/// What a script has of one client's session: its globals, its queue, its answer.
final class LuaSession {
    let session: Session
    let backends: BackendSet
    /// The script's globals, without any where its top level has failed, and the session's own fields of `proxy`.
    let lua: LuaScope
    /// For Lua's objects, which may outlive the session.
    let handle = LuaSessionHandle()

    /// The hook that is running.
    var hook: LuaHook?
    /// Bytes that queries or a response may have in the running hook.
    var byteLimit = 0
    /// Bytes that an answer may have which is kept for a hook.
    var resultLimit = 0
    /// Values that a response may have in the running hook.
    var valueLimit = 0

    /// `proxy.queries`, next one first.
    var queue = LuaQueryQueue()
    /// What the client has asked for.
    var command = Command.query
    /// The query whose result is awaited.
    var current: QueuedQuery?
    /// Whether the client's command has its answer, sent or in ``pendingAnswer``.
    var isAnswered = false
    /// Whether the awaited result goes to the client as it comes.
    var isRelayed = false
    /// An answer that waits until the last query is through.
    var pendingAnswer: [[UInt8]]?

    /// Whether the script has greeted the client: there is no server but the script.
    var isServed = false
    /// The backend that connect_server chose, counted from 1; 0 for none.
    var chosenBackend = 0
    /// Whether connect_server wants a parked connection of that backend.
    var isReusing = false

    init(session: Session, backends: BackendSet, lua: LuaScope) {
        self.session = session
        self.backends = backends
        self.lua = lua
        handle.scope = self
    }

    /// The client is gone: objects that a script has kept answer with an error from now on.
    func end() { handle.scope = nil }

    /// The number of the backend in use, counted from 1; 0 for none.
    var backendIndex: Int {
        if session.isParking { return 0 }
        guard let backend = session.backend else { return hook == .connectServer ? chosenBackend : 0 }
        return (backends.all.firstIndex { $0 === backend } ?? -1) + 1
    }

    /// Forgets what belonged to the command before.
    func commandBegins() {
        queue.removeAll()
        if current != nil { current = nil }
        isAnswered = false
        isRelayed = false
        if pendingAnswer != nil { pendingAnswer = nil }
    }

    /// The next query to be sent; nil at the end.
    func nextInjection() -> Injection? {
        guard let next = queue.popFirst() else { return nil }
        current = next
        let injection = next.injection(isAnswered: isAnswered, keptBytes: resultLimit)
        // Its answer is relayed as it comes: what follows can't be the client's answer any more.
        isRelayed = !injection.needsResult && !next.command.hasNoAnswer
        if isRelayed { isAnswered = true }
        return injection
    }
}
