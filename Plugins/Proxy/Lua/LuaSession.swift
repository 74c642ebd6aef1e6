import LuaVM
import PluginAPI

/// A query in `proxy.queries`.
struct QueuedQuery {
    let id: Int
    let packet: [UInt8]
    let needsResult: Bool

    /// The core's word for it; a client that has its answer already makes every later result one to be kept back.
    func injection(isAnswered: Bool) -> Injection {
        Injection(id: id, payload: packet, needsResult: needsResult || isAnswered)
    }
}

/// What a script has of one client's session: its globals, its queue, its answer.
final class LuaSession {
    let session: Session
    let backends: BackendSet
    /// The script's globals; nil where its top level has failed.
    var environment: LuaReference?
    /// The table behind `proxy`, with the fields that are the session's own.
    let own: LuaReference

    /// The hook that is running.
    var hook: LuaHook?
    /// Bytes that queries or a response may have in the running hook.
    var byteLimit = 0
    /// Values that a response may have in the running hook.
    var valueLimit = 0

    /// `proxy.queries`, next one first.
    var queue: [QueuedQuery] = []
    /// The query whose result is awaited.
    var current: QueuedQuery?
    /// Whether the client's command has its answer, sent or in ``pendingAnswer``.
    var isAnswered = false
    /// Whether the awaited result goes to the client as it comes.
    var isRelayed = false
    /// An answer that waits until the last query is through.
    var pendingAnswer: [[UInt8]]?

    /// The backend that connect_server chose, counted from 1; 0 for none.
    var chosenBackend = 0
    /// Whether connect_server wants a parked connection of that backend.
    var isReusing = false

    init(session: Session, backends: BackendSet, own: LuaReference) {
        self.session = session
        self.backends = backends
        self.own = own
    }

    /// The bytes that wait in the queue.
    var queuedBytes: Int { queue.reduce(0) { $0 + $1.packet.count } }

    /// The number of the backend in use, counted from 1; 0 for none.
    var backendIndex: Int {
        if session.isParking { return 0 }
        guard let backend = session.backend else { return hook == .connectServer ? chosenBackend : 0 }
        return (backends.all.firstIndex { $0 === backend } ?? -1) + 1
    }

    /// Forgets what belonged to the command before.
    func commandBegins() {
        queue = []
        current = nil
        isAnswered = false
        isRelayed = false
        pendingAnswer = nil
    }

    /// The next query to be sent; nil at the end.
    func nextInjection() -> Injection? {
        guard !queue.isEmpty else { return nil }
        let next = queue.removeFirst()
        current = next
        let injection = next.injection(isAnswered: isAnswered)
        // Its answer is relayed as it comes: what follows can't be the client's answer any more.
        isRelayed = !injection.needsResult
        if isRelayed { isAnswered = true }
        return injection
    }
}
