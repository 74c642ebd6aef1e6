import LuaVM
import MySQLWire

/// `proxy.queries`: what a hook sends instead of the client's command.
final class LuaQueries: LuaObject {
    /// The session's script; gone with the session.
    private let handle: LuaSessionHandle

    /// More than a script that knows what it does puts in place of one command.
    private static let most = 1_000

    init(_ scope: LuaSession) { handle = scope.handle }

    override class var luaType: LuaObjectType {
        LuaObjectType(name: "proxy.queries", methods: ["append", "prepend", "reset", "len"])
    }

    override func call(method: Int, _ frame: inout LuaFrame) throws(LuaError) -> Int {
        let scope = try live()
        switch method {
        case 0: scope.queue.append(try query(&frame, scope, "append"))
        case 1: scope.queue.prepend(try query(&frame, scope, "prepend"))
        case 2: scope.queue.removeAll()
        default:
            try frame.push(scope.queue.count)
            return 1
        }
        return 0
    }

    override func length(_ frame: inout LuaFrame) throws(LuaError) -> Int { try live().queue.count }

    private func live() throws(LuaError) -> LuaSession {
        guard let scope = handle.scope else {
            throw LuaError("the client of this proxy.queries is gone; use proxy.queries anew")
        }
        return scope
    }

    /// Reads `(id, packet [, options])`, with self at 1.
    private func query(
        _ frame: inout LuaFrame, _ scope: LuaSession, _ name: String
    ) throws(LuaError) -> QueuedQuery {
        guard let id = frame.integer(at: 2) else {
            throw LuaError(
                "proxy.queries:\(name)(id, packet): the id must be an integer, not \(frame.description(at: 2))")
        }
        guard let packet = frame.bytes(at: 3), !packet.isEmpty else {
            throw LuaError(
                "proxy.queries:\(name)(id, packet): the packet must be a string that begins with a command byte, as "
                    + "string.char(proxy.COM_QUERY) .. \"SELECT 1\"")
        }
        guard scope.queue.count < Self.most else {
            throw LuaError("proxy.queries holds \(Self.most) queries, which is the most; append fewer")
        }
        guard scope.queue.bytes + packet.count <= scope.byteLimit else {
            throw LuaError(
                "proxy.queries would hold more than \(scope.byteLimit) bytes; append less, or raise "
                    + "--proxy-lua-max-memory")
        }
        let query = QueuedQuery(id: Int(id), packet: packet, needsResult: try needsResult(&frame))
        if scope.hook == .readQuery || scope.hook == .readQueryResult { try check(query, scope) }
        return query
    }

    /// Refuses what would hang: commands whose answer is a dialogue with the client, or has no end.
    private func check(_ query: QueuedQuery, _ scope: LuaSession) throws(LuaError) {
        switch query.command {
        case .changeUser where scope.command != .changeUser:
            throw LuaError(
                "proxy.queries: COM_CHANGE_USER can only be sent where the client has sent one: the server asks the client "
                    + "for the password")
        case .changeUser, .binlogDump, .binlogDumpGTID:
            guard query.needsResult else { return }
            throw LuaError(
                "proxy.queries: the answer to \(query.command) can't be kept: append it without resultset_is_needed")
        default: return
        }
    }

    private func needsResult(_ frame: inout LuaFrame) throws(LuaError) -> Bool {
        guard !frame.isNil(at: 4) else { return false }
        guard frame.kind(at: 4) == .table else {
            throw LuaError("proxy.queries: the options must be a table, as { resultset_is_needed = true }")
        }
        let kind = try frame.pushField("resultset_is_needed", of: 4)
        defer { frame.pop() }
        guard kind == .boolean || kind == .nil else {
            throw LuaError("proxy.queries: resultset_is_needed must be true or false")
        }
        return frame.isTrue(at: frame.count)
    }
}
