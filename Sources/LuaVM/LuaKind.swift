/// The type of a Lua value, numbered as in lua.h.
public enum LuaKind: Int32, Sendable {
    /// No value: beyond the last argument.
    case none = -1
    /// nil.
    case `nil` = 0
    /// true or false.
    case boolean = 1
    /// A bare pointer of a C library.
    case lightUserdata = 2
    /// An integer or a float.
    case number = 3
    /// Bytes.
    case string = 4
    /// A table.
    case table = 5
    /// A function, of Lua, C or Swift.
    case function = 6
    /// An object of Swift or of a C library.
    case userdata = 7
    /// A coroutine.
    case thread = 8
}
