internal import CLuaShim

extension LuaState {
    /// Compiles a script. `path` is what messages show before the line; a shebang line is accepted.
    public func load(_ source: [UInt8], path: String) throws(LuaError) -> LuaChunk {
        try withFrame { frame throws(LuaError) in
            try frame.pushChunk(source, path: path)
            return LuaChunk(function: try frame.popReference())
        }
    }

    /// Compiles a script. `path` is what messages show before the line.
    public func load(_ source: String, path: String) throws(LuaError) -> LuaChunk {
        try load(Array(source.utf8), path: path)
    }

    /// A table for the globals of one connection; what it lacks is read from a version's globals, or the state's.
    public func makeEnvironment(of version: LuaVersion? = nil) throws(LuaError) -> LuaReference {
        try withFrame { frame throws(LuaError) in
            try frame.check(lvm_push_environment(frame.thread, version?.metatable.id ?? 0))
            return try frame.popReference()
        }
    }

    /// Runs a chunk's top level with an environment as its globals; the functions that it makes keep them.
    public func run(_ chunk: LuaChunk, in environment: LuaReference) throws(LuaError) {
        guard !chunk.isRunning else { throw LuaError("the script's top level is running already") }
        chunk.isRunning = true
        defer { chunk.isRunning = false }
        try withFrame { frame throws(LuaError) in
            try frame.check(lvm_push_instance(frame.thread, chunk.function.id, environment.id))
            try frame.call(arguments: 0, results: 0)
        }
    }

    /// Lets `body` call into scripts with a budget; inside another budget, that one goes on.
    ///
    /// A script that is over its budget can't catch that error: pcall passes it on.
    public func withBudget<R, E: Error>(_ budget: LuaBudget, _ body: () throws(E) -> R) throws(E) -> R {
        guard !pointer.pointee.limited else { return try body() }
        lvm_budget_begin(pointer, budget.instructions, budget.memory)
        defer { lvm_budget_end(pointer) }
        return try body()
    }
}
