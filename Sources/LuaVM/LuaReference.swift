internal import CLuaShim

/// The C state, and whether it is still there: shared by a state and the references into it.
final class LuaCore {
    /// Nil once the state is closed.
    var pointer: UnsafeMutablePointer<lvm_state>?

    init(_ pointer: UnsafeMutablePointer<lvm_state>) { self.pointer = pointer }
}

/// A Lua value kept from collection for as long as this lives. It may outlive its state, and is then worth nil.
public final class LuaReference {
    let core: LuaCore
    let id: Int32

    init(core: LuaCore, id: Int32) {
        self.core = core
        self.id = id
    }

    deinit {
        guard let pointer = core.pointer else { return }
        lvm_unref(pointer.pointee.current, id)
    }
}

/// A compiled chunk, to be run in any number of environments.
public final class LuaChunk {
    let function: LuaReference
    /// The chunk's one function is shared by its runs, so a run can't begin inside another.
    var isRunning = false

    init(function: LuaReference) { self.function = function }
}

/// A Swift function for scripts: reads its arguments at 1…``LuaFrame/count``, pushes its results and answers how many.
///
/// What it throws is raised in the script, with the calling line in front.
public typealias LuaFunction = (inout LuaFrame) throws(LuaError) -> Int

/// What Lua holds of a Swift function.
final class LuaFunctionBox {
    let body: LuaFunction

    init(_ body: @escaping LuaFunction) { self.body = body }
}
