internal import CLuaShim

extension LuaFrame {
    /// Calls the function that lies under its arguments on the top; both are replaced by so many results.
    public mutating func call(arguments: Int, results: Int) throws(LuaError) {
        guard arguments >= 0, count > arguments else { throw LuaError("no function under \(arguments) arguments") }
        let status = lvm_call(thread, Int32(arguments), Int32(clamping: max(results, 0)))
        guard status == 0 else { throw takeError(status, traced: true) }
    }

    /// Where the script called this callback: `file:line: `, or nothing where no script did.
    public func callerPosition() -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 128) { buffer in
            let length = lvm_where(thread, buffer.baseAddress, buffer.count)
            return String(decoding: UnsafeRawBufferPointer(buffer).prefix(length), as: UTF8.self)
        }
    }

    /// Takes instructions from the running budget for a callback's own work; outside of a budget it does nothing.
    ///
    /// - Throws: where that ends the budget: an error that scripts can't catch.
    public mutating func charge(_ instructions: Int64) throws(LuaError) {
        try check(lvm_charge_callback(thread, max(instructions, 0)))
    }

    /// Compiles a chunk and pushes its function. `name` is the file's path; messages show it with the line.
    mutating func pushChunk(_ source: [UInt8], path: String) throws(LuaError) {
        let status = source.withUnsafeBytes { bytes in
            "@\(path)".withCString { lvm_load(thread, bytes.baseAddress, bytes.count, $0) }
        }
        try check(status)
    }

    /// The error on the top as a Swift value, taken from the stack.
    func takeError(_ status: Int32, traced: Bool = false) -> LuaError {
        let state = lvm_state_of(thread)
        guard status != Int32(LVM_NO_STACK.rawValue) else {
            return LuaError("stack overflow: too many values on Lua's stack", kind: .runtime)
        }
        let top = count
        let message = string(at: top) ?? "(the error is \(description(at: top)), not a text)"
        lvm_set_top(thread, base + Int32(max(top - 1, 0)))
        var error = LuaError(message, kind: .runtime)
        if let state { error = classified(error, status, state.pointee) }
        if traced { error.traceback = traceback() }
        return error
    }

    private func classified(_ error: LuaError, _ status: Int32, _ state: lvm_state) -> LuaError {
        var error = error
        if state.over {
            error.kind = .budget
            if status == Int32(LVM_MEMORY.rawValue) || status == Int32(LVM_HANDLER.rawValue) {
                error.message =
                    "the script used up its \(state.allowed) instructions in one call "
                    + "(\(LuaState.option(state.instructions_option)))"
            }
        } else if status == Int32(LVM_SYNTAX.rawValue) {
            error.kind = .syntax
        } else if status == Int32(LVM_MEMORY.rawValue)
            // coroutine.wrap raises it again, as a text.
            || state.memory_refused && error.message.hasSuffix("not enough memory")
        {
            error.kind = .memory
            if state.memory_refused {
                error.message =
                    "the script wanted more than \(state.memory) bytes in one call "
                    + "(\(LuaState.option(state.memory_option)))"
            }
        }
        return error
    }

    private func traceback() -> String {
        guard lvm_push_traceback(thread) == 0 else { return "" }
        defer { lvm_set_top(thread, lvm_top(thread) - 1) }
        return string(at: count) ?? ""
    }

    /// A callback's number of results, for C: no more than there are values, and never one of the raising statuses.
    func answered(_ results: Int) -> Int32 { Int32(clamping: min(max(results, 0), count)) }

    /// Pushes an error's message for C to raise, and answers how.
    mutating func pushError(_ error: LuaError) -> Int32 {
        var message = error.message
        let status = message.withUTF8 { lvm_push_bytes(thread, $0.baseAddress, $0.count) }
        // Without room for the message, Lua's own "not enough memory" was pushed instead.
        if status == Int32(LVM_NO_STACK.rawValue) { lvm_set_top(thread, base + Int32(min(count, 1))) }
        return status == 0 && error.kind == .host ? LVM_RAISE_WITH_POSITION.rawValue : LVM_RAISE.rawValue
    }
}
