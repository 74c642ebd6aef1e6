internal import CLuaShim

/// A Lua 5.4 state with its libraries, made tolerant of scripts for Lua 5.1; one a loop.
///
/// Not Sendable. All values in it live until it does; references may outlive it.
public final class LuaState {
    let core: LuaCore
    /// The C state; there for as long as `self` is.
    let pointer: UnsafeMutablePointer<lvm_state>
    private var types: [ObjectIdentifier: Int32] = [:]

    /// Opens a state with the standard libraries.
    public init(_ settings: LuaSettings = LuaSettings()) throws(LuaError) {
        guard let pointer = lvm_open(LuaCallbacks.table, nil) else {
            throw LuaError("no memory for a Lua state", kind: .memory)
        }
        core = LuaCore(pointer)
        self.pointer = pointer
        pointer.pointee.host = Unmanaged.passUnretained(self).toOpaque()
        pointer.pointee.instruction_time = settings.instructionNanoseconds
        LuaState.store(settings.instructionsOption, in: &pointer.pointee.instructions_option)
        LuaState.store(settings.memoryOption, in: &pointer.pointee.memory_option)
        try openLibraries(settings)
    }

    deinit {
        // Finalizers may release references, which still find the state.
        lvm_close(pointer)
        core.pointer = nil
    }

    /// Opens a window on the stack of the thread that runs; its values are dropped at the end.
    public func withFrame<R, E: Error>(_ body: (inout LuaFrame) throws(E) -> R) throws(E) -> R {
        var frame = LuaFrame(above: pointer.pointee.current)
        defer { lvm_set_top(frame.thread, frame.base) }
        return try body(&frame)
    }

    private func openLibraries(_ settings: LuaSettings) throws(LuaError) {
        try withFrame { frame throws(LuaError) in
            var prelude = LuaState.prelude + LuaState.versions
            let status = prelude.withUTF8 { lvm_open_libraries(frame.thread, $0.baseAddress, $0.count) }
            try frame.check(status)
            try frame.pushGlobals()
            try frame.pushField("package", of: 1)
            for (name, path) in [("path", settings.path), ("cpath", settings.cpath)] {
                try frame.pushField(name, of: 2)
                let defaults = frame.string(at: 3) ?? ""
                frame.pop()
                try frame.push(path.text(before: defaults))
                try frame.popIntoField(name, of: 2)
            }
        }
    }

    /// The metatable of an object's class, made when its first object is pushed.
    func typeReference(of object: LuaObject, _ frame: borrowing LuaFrame) throws(LuaError) -> Int32 {
        let key = ObjectIdentifier(type(of: object))
        if let known = types[key] { return known }
        let declared = type(of: object).luaType
        var made: Int32 = 0
        let status = lvm_make_type(
            frame.thread, declared.name, declared.fields.joined(separator: "\n"),
            declared.methods.joined(separator: "\n"), &made)
        try frame.check(status)
        types[key] = made
        return made
    }
}
