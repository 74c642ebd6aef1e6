/// How a class shows in Lua.
public struct LuaObjectType: Sendable {
    /// The name in messages and tracebacks.
    public let name: String
    /// The fields that scripts see, in the order of the numbers that ``LuaObject/read(field:_:)`` gets. No newlines.
    public let fields: [String]
    /// The methods, in the order of the numbers that ``LuaObject/call(method:_:)`` gets. No newlines.
    public let methods: [String]

    /// A type with distinct names.
    public init(name: String, fields: [String] = [], methods: [String] = []) {
        self.name = name
        self.fields = fields
        self.methods = methods
    }
}

/// A Swift object as a Lua userdata, whose fields are computed when a script reads them.
///
/// A declared field costs no comparison of names: Lua finds its number. Lua retains the object until it collects the
/// userdata, so one that is valid during a hook only must remember that the hook is over, and throw.
open class LuaObject {
    /// An object for Lua.
    public init() {}

    /// The name, fields and methods of the class; asked once a state.
    open class var luaType: LuaObjectType { LuaObjectType(name: "object") }

    /// A declared field is read: pushes one value (or none, for nil) and answers how many.
    open func read(field: Int, _ frame: inout LuaFrame) throws(LuaError) -> Int { 0 }

    /// A declared field is written; the value is at 3.
    open func write(field: Int, _ frame: inout LuaFrame) throws(LuaError) {
        throw LuaError("\(Self.luaType.name).\(frame.description(at: 2)) is not writable")
    }

    /// Any other key (at 2) is read: pushes one value, or none for nil.
    open func readKey(_ frame: inout LuaFrame) throws(LuaError) -> Int { 0 }

    /// Any other key (at 2) is written; the value is at 3.
    open func writeKey(_ frame: inout LuaFrame) throws(LuaError) {
        throw LuaError("\(Self.luaType.name).\(frame.description(at: 2)) is not writable")
    }

    /// A method is called: self at 1, arguments from 2; pushes results and answers how many.
    open func call(method: Int, _ frame: inout LuaFrame) throws(LuaError) -> Int { 0 }

    /// The length operator.
    open func length(_ frame: inout LuaFrame) throws(LuaError) -> Int {
        throw LuaError("\(Self.luaType.name) has no length")
    }

    /// What `tostring` shows.
    open var luaDescription: String { Self.luaType.name }
}
