internal import CLuaShim

extension LuaFrame {
    /// Pushes nil.
    public mutating func pushNil() throws(LuaError) { try check(lvm_push_nil(thread)) }

    /// Pushes a boolean.
    public mutating func push(_ value: Bool) throws(LuaError) { try check(lvm_push_boolean(thread, value)) }

    /// Pushes an integer.
    public mutating func push(_ value: Int64) throws(LuaError) { try check(lvm_push_integer(thread, value)) }

    /// Pushes an integer.
    public mutating func push(_ value: Int) throws(LuaError) { try push(Int64(value)) }

    /// Pushes a float.
    public mutating func push(_ value: Double) throws(LuaError) { try check(lvm_push_number(thread, value)) }

    /// Pushes a text's UTF-8.
    public mutating func push(_ value: String) throws(LuaError) {
        var value = value
        let status = value.withUTF8 { lvm_push_bytes(thread, $0.baseAddress, $0.count) }
        try check(status)
    }

    /// Pushes bytes as they are.
    public mutating func push(_ value: [UInt8]) throws(LuaError) {
        let status = value.withUnsafeBytes { lvm_push_bytes(thread, $0.baseAddress, $0.count) }
        try check(status)
    }

    /// Pushes bytes as they are.
    public mutating func push(_ value: borrowing RawSpan) throws(LuaError) {
        let status = value.withUnsafeBytes { lvm_push_bytes(thread, $0.baseAddress, $0.count) }
        try check(status)
    }

    /// Pushes a kept value; nil if its state is another one or closed.
    public mutating func push(_ value: LuaReference) throws(LuaError) {
        guard value.core.pointer == lvm_state_of(thread) else { return try pushNil() }
        try check(lvm_push_ref(thread, value.id))
    }

    /// Pushes a Swift function, which Lua keeps until it collects it.
    public mutating func push(function: @escaping LuaFunction) throws(LuaError) {
        let box = Unmanaged.passRetained(LuaFunctionBox(function))
        let status = lvm_push_function(thread, box.toOpaque())
        guard status == 0 else {
            box.release()
            throw takeError(status)
        }
    }

    /// Pushes a Swift object as a userdata, which keeps it until Lua collects it.
    public mutating func push(_ object: LuaObject) throws(LuaError) {
        let type = try state.typeReference(of: object, self)
        let held = Unmanaged.passRetained(object)
        let status = lvm_push_object(thread, type, held.toOpaque())
        guard status == 0 else {
            held.release()
            throw takeError(status)
        }
    }

    /// Pushes another value of the frame once more; nil where there is none.
    public mutating func pushCopy(of index: Int) throws(LuaError) {
        guard index >= 1, index <= count else { return try pushNil() }
        try check(lvm_push_copy(thread, at(index)))
    }

    /// Pushes the table of globals that all environments share.
    public mutating func pushGlobals() throws(LuaError) { try check(lvm_push_globals(thread)) }

    /// Takes the value from the top, to keep it.
    public mutating func popReference() throws(LuaError) -> LuaReference {
        _ = try existing(count)
        var id: Int32 = 0
        try check(lvm_ref(thread, &id))
        return LuaReference(core: state.core, id: id)
    }
}
