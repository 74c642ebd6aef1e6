internal import CLuaShim

extension LuaFrame {
    /// Pushes an empty table with room for elements and fields.
    public mutating func pushTable(elements: Int = 0, fields: Int = 0) throws(LuaError) {
        try check(
            lvm_push_table(thread, Int32(clamping: max(elements, 0)), Int32(clamping: max(fields, 0))))
    }

    /// Pushes a field of a table or an object; metamethods may run.
    @discardableResult
    public mutating func pushField(_ name: String, of index: Int) throws(LuaError) -> LuaKind {
        let table = try existing(index)
        var name = name
        let status = name.withUTF8 { lvm_get_field(thread, table, $0.baseAddress, $0.count) }
        try check(status)
        return kind(at: count)
    }

    /// Takes the value from the top into a field of a table or an object; metamethods may run.
    public mutating func popIntoField(_ name: String, of index: Int) throws(LuaError) {
        let table = try existing(index)
        var name = name
        let status = name.withUTF8 { lvm_set_field(thread, table, $0.baseAddress, $0.count) }
        try check(status)
    }

    /// Pushes an element, counted from 1; metamethods may run.
    @discardableResult
    public mutating func pushElement(_ number: Int, of index: Int) throws(LuaError) -> LuaKind {
        try check(lvm_get_element(thread, try existing(index), Int64(number)))
        return kind(at: count)
    }

    /// Pushes the elements from 1 to `count` in one step; metamethods may run.
    public mutating func pushElements(_ count: Int, of index: Int) throws(LuaError) {
        try check(lvm_get_elements(thread, try existing(index), Int32(clamping: count)))
    }

    /// Pushes a table with parts of `bytes` as its elements, in one step.
    public mutating func pushTable(of parts: borrowing LuaParts, in bytes: borrowing RawSpan) throws(LuaError) {
        let isInside = parts.end <= bytes.byteCount
        let status: Int32? = bytes.withUnsafeBytes { bytes in
            guard isInside else { return nil }
            return parts.slices.withUnsafeBufferPointer {
                lvm_push_row(thread, bytes.baseAddress, $0.baseAddress, Int32(clamping: $0.count))
            }
        }
        guard let status else { throw LuaError("a part is beyond the end of its bytes") }
        try check(status)
    }

    /// Takes the value from the top into an element, counted from 1; metamethods may run.
    public mutating func popIntoElement(_ number: Int, of index: Int) throws(LuaError) {
        try check(lvm_set_element(thread, try existing(index), Int64(number)))
    }

    /// The length operator's answer; metamethods may run.
    public mutating func length(of index: Int) throws(LuaError) -> Int {
        var length: Int64 = 0
        try check(lvm_length(thread, try existing(index), &length))
        return Int(length)
    }

    /// Replaces the key on the top by the table's next key and its value; at the end takes it, and answers false.
    ///
    /// Begin with nil on the top; pop the value after each round.
    public mutating func next(in index: Int) throws(LuaError) -> Bool {
        var more = false
        try check(lvm_next(thread, try existing(index), &more))
        if !more { pop(2) }
        return more
    }

    /// Gives the table at `index` an empty metatable, by Lua's own setmetatable.
    ///
    /// - Throws: where Lua is out of memory.
    public mutating func setEmptyMetatable(of index: Int) throws(LuaError) -> LuaReference {
        try pushGlobals()
        let globals = count
        try pushTable(fields: 2)
        let metatable = count
        try pushField("setmetatable", of: globals)
        try pushCopy(of: index)
        try pushCopy(of: metatable)
        try call(arguments: 2, results: 0)
        defer { pop() }
        return try popReference()
    }
}
