internal import CLuaShim

/// A window on Lua's stack: valid during one callback, or one ``LuaState/withFrame(_:)``.
///
/// Indexes count from 1, the first argument (or the first value pushed); every push makes room or throws.
public struct LuaFrame: ~Copyable {
    let thread: OpaquePointer
    /// Values of others below this frame.
    let base: Int32

    init(callbackOn thread: OpaquePointer) {
        self.thread = thread
        self.base = 0
    }

    init(above thread: OpaquePointer) {
        self.thread = thread
        self.base = lvm_top(thread)
    }

    /// The number of values: at first the arguments.
    public var count: Int { Int(lvm_top(thread) - base) }

    /// Drops values from the top.
    public mutating func pop(_ dropped: Int = 1) { lvm_set_top(thread, base + Int32(max(count - dropped, 0))) }

    /// The state that the frame belongs to.
    public var state: LuaState {
        // The state outlives its frames: it is closed by its owner, who waits for the call in which this frame lives.
        Unmanaged<LuaState>.fromOpaque(lvm_state_of(thread).pointee.host).takeUnretainedValue()
    }

    /// C's index of one of ours; a hostile or mistaken index is one beyond the end, which Lua reads as none.
    func at(_ index: Int) -> Int32 {
        index >= 1 && index <= count ? base + Int32(index) : lvm_top(thread) + 1
    }

    /// An index that must hold a value.
    func existing(_ index: Int) throws(LuaError) -> Int32 {
        guard index >= 1, index <= count else { throw LuaError("no value at \(index) of \(count)") }
        return base + Int32(index)
    }

    /// Throws what the stack's top holds if a call failed.
    func check(_ status: Int32) throws(LuaError) {
        guard status != 0 else { return }
        throw takeError(status)
    }
}
