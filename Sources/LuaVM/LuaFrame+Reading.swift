internal import CLuaShim

extension LuaFrame {
    /// The type of a value; `none` beyond the last.
    public func kind(at index: Int) -> LuaKind { LuaKind(rawValue: lvm_type(thread, at(index))) ?? .none }

    /// Whether there is no value, or nil.
    public func isNil(at index: Int) -> Bool { lvm_type(thread, at(index)) <= 0 }

    /// Lua's truth: all but nil and false.
    public func isTrue(at index: Int) -> Bool { lvm_to_boolean(thread, at(index)) }

    /// Whether a number is of Lua's integer subtype.
    public func isInteger(at index: Int) -> Bool { lvm_is_integer(thread, at(index)) }

    /// An integer, a float or a numeric text with an integer's value.
    public func integer(at index: Int) -> Int64? {
        var value: Int64 = 0
        return lvm_to_integer(thread, at(index), &value) ? value : nil
    }

    /// A number or a numeric text.
    public func number(at index: Int) -> Double? {
        var value = 0.0
        return lvm_to_number(thread, at(index), &value) ? value : nil
    }

    /// A string's bytes in place, valid in `body` only; nil for anything else, numbers too.
    public func withBytes<R>(at index: Int, _ body: (borrowing RawSpan) -> R) -> R? {
        var length = 0
        guard let bytes = lvm_string(thread, at(index), &length) else { return nil }
        // Lua keeps a string alive and in place while it is on the stack, where this frame leaves it.
        return body(UnsafeRawBufferPointer(start: bytes, count: length).bytes)
    }

    /// A copy of a string's bytes; nil for anything else, numbers too.
    public func bytes(at index: Int) -> [UInt8]? {
        var length = 0
        guard let bytes = lvm_string(thread, at(index), &length) else { return nil }
        return [UInt8](UnsafeRawBufferPointer(start: bytes, count: length))
    }

    /// A string as text, with bytes that are not UTF-8 replaced; nil for anything else, numbers too.
    public func string(at index: Int) -> String? {
        var length = 0
        guard let bytes = lvm_string(thread, at(index), &length) else { return nil }
        return String(decoding: UnsafeRawBufferPointer(start: bytes, count: length), as: UTF8.self)
    }

    /// A Swift object of the class; nil for anything else.
    public func object<Object: LuaObject>(at index: Int, as type: Object.Type = Object.self) -> Object? {
        guard index >= 1, index <= count, let held = lvm_to_object(thread, at(index)) else { return nil }
        // The shim's marker says that the userdata holds a retained LuaObject.
        return Unmanaged<LuaObject>.fromOpaque(held).takeUnretainedValue() as? Object
    }

    /// Whether two values are the same, without metamethods.
    public func areEqual(_ first: Int, _ second: Int) -> Bool { lvm_raw_equal(thread, at(first), at(second)) }

    /// A value for a message: a text in quotes, a number or a boolean as Lua writes it, else its type.
    public func description(at index: Int) -> String {
        switch kind(at: index) {
        case .string: string(at: index) ?? ""
        case .number: isInteger(at: index) ? "\(integer(at: index) ?? 0)" : "\(number(at: index) ?? 0)"
        case .boolean: isTrue(at: index) ? "true" : "false"
        case .none: "no value"
        case .nil: "nil"
        case .table: "a table"
        case .function: "a function"
        case .userdata, .lightUserdata: "an object"
        case .thread: "a coroutine"
        }
    }

    /// What `tostring` makes of a value, metamethods included.
    public mutating func text(at index: Int) throws(LuaError) -> String {
        try check(lvm_to_text(thread, try existing(index)))
        defer { pop() }
        return string(at: count) ?? ""
    }
}
