import LuaVM

extension LuaFrame {
    /// A string argument, or a number's text; reading it is charged by its length.
    mutating func bytesArgument(_ index: Int, _ what: String) throws(LuaError) -> [UInt8] {
        guard let bytes = try chargedBytes(at: index) else {
            throw LuaError("\(what) must be a string, not \(description(at: index))")
        }
        return bytes
    }

    /// An integer argument within bounds.
    mutating func integerArgument<Number: FixedWidthInteger>(
        _ index: Int, _ what: String, in range: ClosedRange<Number>
    ) throws(LuaError) -> Number {
        guard let integer = integer(at: index), let number = Number(exactly: integer), range.contains(number) else {
            throw LuaError(
                "\(what) must be an integer from \(range.lowerBound) to \(range.upperBound), not "
                    + description(at: index))
        }
        return number
    }

    /// A string's bytes or a number's text, charged by its length; nil for anything else.
    mutating func chargedBytes(at index: Int) throws(LuaError) -> [UInt8]? {
        if kind(at: index) == .number { return Array(try text(at: index).utf8) }
        guard let length = withBytes(at: index, { $0.byteCount }) else { return nil }
        try charge(Int64(length / 8))
        return bytes(at: index)
    }
}

// Fields of a table that a module answers.
extension LuaFrame {
    /// Sets a field to a text, unless that is empty: mysql-proxy's modules leave empty texts out.
    mutating func put(_ name: String, _ text: [UInt8], in table: Int) throws(LuaError) {
        guard !text.isEmpty else { return }
        try push(text)
        try popIntoField(name, of: table)
    }

    /// Sets a field to a number; above Lua's largest integer it becomes a float.
    mutating func put(_ name: String, _ number: some FixedWidthInteger, in table: Int) throws(LuaError) {
        if let integer = Int64(exactly: number) { try push(integer) } else { try push(Double(number)) }
        try popIntoField(name, of: table)
    }
}
