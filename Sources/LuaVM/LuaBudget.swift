/// What one call into a script may use.
///
/// Not bounded: one call of `string.find`, `match` or `gsub` whose pattern has several `.*` or `.-` in a row takes time
/// with that power of the text's length, in C, where nothing looks at the budget; and what blocks in the system, such
/// as `os.execute` or `io.read`.
public struct LuaBudget: Equatable, Sendable {
    /// Instructions of Lua's virtual machine, looked at every 1,000; C functions are charged by the bytes that they
    /// handle, calls of Swift 24, an allocation 4, and each 32 bytes of it (16 from 64 KiB on) one. What takes longer counts by the thread's
    /// own time: an instruction for every 16 ns.
    public var instructions: Int64
    /// Bytes above what the state held when the call began.
    public var memory: Int64

    /// A budget; both at least 0.
    public init(instructions: Int64, memory: Int64) {
        self.instructions = max(instructions, 0)
        self.memory = max(memory, 0)
    }
}

/// How a state is set up.
public struct LuaSettings: Equatable, Sendable {
    /// Where `require` looks for Lua files before Lua's default path, which `LUA_PATH` may set.
    public var path: LuaSearchPath
    /// Where `require` looks for C libraries before Lua's default path, which `LUA_CPATH` may set.
    public var cpath: LuaSearchPath
    /// The option that the instruction budget's error names.
    public var instructionsOption: String
    /// The option that the memory ceiling's error names.
    public var memoryOption: String

    /// What one instruction stands for, in nanoseconds of the thread's own time: a call that takes longer than its
    /// instructions is charged by its time. 0 where only instructions count.
    public var instructionNanoseconds: Int64 = 16

    /// Lua's default paths, and the names of Millrace's options.
    public init(
        path: LuaSearchPath = LuaSearchPath(), cpath: LuaSearchPath = LuaSearchPath(),
        instructionsOption: String = "--proxy-lua-max-instructions",
        memoryOption: String = "--proxy-lua-max-memory"
    ) {
        self.path = path
        self.cpath = cpath
        self.instructionsOption = instructionsOption
        self.memoryOption = memoryOption
    }
}
