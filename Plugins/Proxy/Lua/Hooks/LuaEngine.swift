import LuaVM
import MySQLWire
import PluginAPI
import Pooling

/// One loop's Lua state with a compiled script: makes sessions' environments and calls hooks within the limits.
final class LuaEngine {
    private let state: LuaState
    private let limits: LuaLimits
    private let backends: BackendSet
    /// The metatable of `proxy`, which is pointed at a session's own table before its hook runs.
    private let switchboard: LuaReference
    /// What new sessions run.
    private var program: Program

    /// A script as it was at one moment, with the modules that it has required since.
    private struct Program {
        let chunk: LuaChunk
        let version: LuaVersion
    }

    /// - Parameters:
    ///   - now: the loop's clock.
    ///   - parked: how many connections to a backend are parked on the loop for a user.
    init(
        script: LuaScript, limits: LuaLimits, services: LuaServices, now: @escaping () -> MonotonicTime,
        parked: @escaping (Backend, [UInt8]) -> Int
    ) throws(LuaError) {
        state = try LuaState(services.settings(beside: script.path))
        self.limits = limits
        backends = services.backends
        switchboard = try state.installProxy(services, now: now, parked: parked)
        try state.installModules(services, now: now)
        program = try Self.compile(script, in: state)
    }

    private static func compile(_ script: LuaScript, in state: LuaState) throws(LuaError) -> Program {
        let files = script.files
        return Program(
            chunk: try state.load(script.source, path: script.path),
            version: try state.makeVersion(opened: { files.opened($0) }))
    }

    /// Bytes that the loop's scripts hold, garbage included, and the most that they ever held.
    var memory: (now: Int, most: Int) { (state.memoryInUse, state.mostMemory) }

    /// New sessions run this script; those that are open keep theirs.
    func replace(by script: LuaScript) throws(LuaError) { program = try Self.compile(script, in: state) }

    /// A session that hasn't run the script yet.
    func makeSession(_ session: Session) throws(LuaError) -> LuaSession {
        let own = try state.withFrame { frame throws(LuaError) in
            try frame.pushTable(fields: 3)
            return try frame.popReference()
        }
        let scope = LuaSession(
            session: session, backends: backends, lua: LuaScope(own: own, switchboard: switchboard))
        try state.withFrame { frame throws(LuaError) in
            try frame.push(own)
            try frame.push(LuaQueries(scope))
            try frame.popIntoField("queries", of: 1)
            try frame.push(LuaConnection(scope))
            try frame.popIntoField("connection", of: 1)
            try frame.pushTable()
            try frame.popIntoField("response", of: 1)
        }
        return scope
    }

    /// Runs the script's top level for a session.
    func runTopLevel(for scope: LuaSession) throws(LuaError) {
        let environment = try state.makeEnvironment(of: program.version)
        try state.withBudget(budget(0)) { () throws(LuaError) in
            try state.enter(scope.lua)
            try state.run(program.chunk, in: environment)
        }
        scope.lua.environment = environment
    }

    /// Calls the script's `self_test`, if it has one; it fails by an error, or by returning false.
    func selfTest(for scope: LuaSession) throws(LuaError) {
        guard try state.call(LuaEntry("self_test"), in: scope.lua, budget(0)) != .no else {
            throw LuaError("self_test() returned false")
        }
    }

    // MARK: Hooks

    /// Calls a hook without arguments; nil where the script doesn't have it.
    func call(_ hook: LuaHook, for scope: LuaSession) throws(LuaError) -> LuaDecision? {
        begin(hook, scope, 0)
        defer { scope.hook = nil }
        return try LuaDecision(try state.call(hook.entry, in: scope.lua, budget(0)), of: hook)
    }

    /// Calls a hook with a payload, or with a table that has it as its field `packet`.
    func call(
        _ hook: LuaHook, for scope: LuaSession, _ payload: borrowing LuaText, size: Int, asTable: Bool = false
    ) throws(LuaError) -> LuaDecision? {
        begin(hook, scope, size)
        defer { scope.hook = nil }
        return try LuaDecision(
            try state.call(hook.entry, in: scope.lua, text: payload, asTable: asTable, budget(size)), of: hook)
    }

    /// Calls a hook with an object, which is made only if the script has the hook.
    func call(
        _ hook: LuaHook, for scope: LuaSession, _ object: () -> LuaObject
    ) throws(LuaError) -> LuaDecision? {
        begin(hook, scope, 0)
        defer { scope.hook = nil }
        return try LuaDecision(try state.call(hook.entry, in: scope.lua, object: object, budget(0)), of: hook)
    }

    private func begin(_ hook: LuaHook, _ scope: LuaSession, _ size: Int) {
        scope.hook = hook
        scope.byteLimit = Int(limits.memory) + size
        scope.resultLimit = Int(limits.result)
        // Reading a value from a table costs as much as some instructions.
        scope.valueLimit = Int(limits.instructions / 10)
    }

    /// Reads the `proxy.response` that a hook has left.
    func response(of scope: LuaSession) throws(LuaError) -> LuaResponse {
        // As much as the hook itself had: metamethods of the table may run.
        try state.withBudget(budget(scope.byteLimit - Int(limits.memory))) { () throws(LuaError) in
            try state.withFrame { frame throws(LuaError) in try frame.response(of: scope) }
        }
    }

    /// What went wrong in finalizers since the last time.
    func takeWarning() -> String? { state.takeWarning() }

    /// The limits of one call; handing a packet over is not the script's doing.
    private func budget(_ handedOver: Int) -> LuaBudget {
        // Pieces are joined in a buffer before they are a string.
        let copies: Int64 = handedOver < PacketHeader.maximumPayload ? 1 : 2
        return LuaBudget(
            instructions: limits.instructions + Int64(handedOver / 8),
            memory: limits.memory + Int64(handedOver) * copies + 1024)
    }
}

extension LuaText {
    /// The payload of whole packets, without their headers.
    @_lifetime(copy packets)
    init(payloadOf packets: Span<UInt8>) {
        guard let first = PacketHeader(packets, at: 0) else {
            self.init(packets)
            return
        }
        self.init(packets.extracting(PacketHeader.size..<first.packetLength))
        var offset = first.packetLength
        while let header = PacketHeader(packets, at: offset) {
            append(packets.extracting(offset + PacketHeader.size..<offset + header.packetLength))
            offset += header.packetLength
        }
    }
}
