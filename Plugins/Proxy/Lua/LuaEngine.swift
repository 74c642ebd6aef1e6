import LuaVM
import PluginAPI

/// One loop's Lua state with a compiled script: makes sessions' environments and calls hooks within the limits.
final class LuaEngine {
    private let state: LuaState
    private let chunk: LuaChunk
    private let limits: LuaLimits
    private let backends: BackendSet
    /// The metatable of `proxy`, which is pointed at a session's own table before its hook runs.
    private let switchboard: LuaReference

    init(
        script: LuaScript, limits: LuaLimits, backends: BackendSet, loop: any LoopContext
    ) throws(LuaError) {
        state = try LuaState()
        chunk = try state.load(script.source, path: script.path)
        self.limits = limits
        self.backends = backends
        switchboard = try state.installProxy(backends: backends, loop: loop)
    }

    /// A session that hasn't run the script yet.
    func makeSession(_ session: Session) throws(LuaError) -> LuaSession {
        let own = try state.withFrame { frame throws(LuaError) in
            try frame.pushTable(fields: 3)
            return try frame.popReference()
        }
        let scope = LuaSession(session: session, backends: backends, own: own)
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
        let environment = try state.makeEnvironment()
        try state.withBudget(budget(0)) { () throws(LuaError) in
            try state.withFrame { frame throws(LuaError) in try enter(scope, &frame) }
            try state.run(chunk, in: environment)
        }
        scope.environment = environment
    }

    /// Whether the script has the hook at this moment.
    func defines(_ hook: LuaHook, for scope: LuaSession) throws(LuaError) -> Bool {
        guard let environment = scope.environment else { return false }
        return try state.withBudget(budget(0)) { () throws(LuaError) in
            try state.withFrame { frame throws(LuaError) in
                try frame.push(environment)
                return try frame.pushField(hook.rawValue, of: 1) == .function
            }
        }
    }

    /// Calls a hook that the script has, and lets `decide` make a verdict of what it returned.
    func call<Verdict>(
        _ hook: LuaHook, for scope: LuaSession, _ argument: LuaArgument,
        _ decide: (LuaDecision, inout LuaFrame) throws(LuaError) -> Verdict
    ) throws(LuaError) -> Verdict {
        scope.hook = hook
        scope.byteLimit = Int(limits.memory) + argument.size
        // Reading a value from a table costs as much as some instructions.
        scope.valueLimit = Int(limits.instructions / 10)
        defer { scope.hook = nil }
        guard let environment = scope.environment else { throw LuaError("the script isn't running") }
        return try state.withBudget(budget(argument.size)) { () throws(LuaError) in
            try state.withFrame { frame throws(LuaError) in
                try enter(scope, &frame, freshResponse: hook == .readQuery)
                try frame.push(environment)
                try frame.pushField(hook.rawValue, of: 1)
                let count = try argument.push(on: &frame)
                try frame.call(arguments: count, results: 1)
                let decision = try LuaDecision(frame, at: frame.count, of: hook)
                frame.pop(frame.count)
                return try decide(decision, &frame)
            }
        }
    }

    /// What went wrong in finalizers since the last time.
    func takeWarning() -> String? { state.takeWarning() }

    /// Points `proxy` at the session's own fields; leaves nothing on the frame.
    private func enter(
        _ scope: LuaSession, _ frame: inout LuaFrame, freshResponse: Bool = false
    ) throws(LuaError) {
        try frame.push(switchboard)
        try frame.push(scope.own)
        if freshResponse {
            try frame.pushTable()
            try frame.popIntoField("response", of: 2)
        }
        try frame.pushCopy(of: 2)
        try frame.popIntoField("__index", of: 1)
        try frame.popIntoField("__newindex", of: 1)
        frame.pop()
    }

    /// The limits of one call; handing a packet over is not the script's doing.
    private func budget(_ handedOver: Int) -> LuaBudget {
        LuaBudget(
            instructions: limits.instructions + Int64(handedOver / 16),
            memory: limits.memory + Int64(handedOver) + 1024)
    }
}
