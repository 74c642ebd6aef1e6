import LuaVM
import Testing

extension LuaState {
    /// Runs a script in a fresh environment and answers what its global function `main` returns, as text.
    func answer(_ source: String, path: String = "test.lua", arguments: [String] = []) throws(LuaError) -> String {
        let environment = try makeEnvironment()
        try run(try load(source, path: path), in: environment)
        return try call("main", in: environment, arguments)
    }

    /// Calls a function of an environment with texts, and answers its first result as text.
    func call(_ name: String, in environment: LuaReference, _ arguments: [String] = []) throws(LuaError) -> String {
        try withFrame { frame throws(LuaError) in
            try frame.push(environment)
            try frame.pushField(name, of: 1)
            for argument in arguments { try frame.push(argument) }
            try frame.call(arguments: arguments.count, results: 1)
            return try frame.text(at: frame.count)
        }
    }

    /// The error that `main` of the script ends with.
    func failure(_ source: String, _ budget: LuaBudget? = nil) throws -> LuaError {
        try #require(throws: LuaError.self) {
            guard let budget else { return _ = try answer(source) }
            _ = try withBudget(budget) { try answer(source) }
        }
    }

    /// Gives scripts a Swift function.
    func define(_ name: String, _ function: @escaping LuaFunction) throws(LuaError) {
        try withFrame { frame throws(LuaError) in
            try frame.pushGlobals()
            try frame.push(function: function)
            try frame.popIntoField(name, of: 1)
        }
    }

    /// Gives scripts a Swift object.
    func define(_ name: String, _ object: LuaObject) throws(LuaError) {
        try withFrame { frame throws(LuaError) in
            try frame.pushGlobals()
            try frame.push(object)
            try frame.popIntoField(name, of: 1)
        }
    }
}

/// Counts what lives, to see that Lua lets go of it.
final class Census {
    var alive = 0
}

/// An object with two lazy fields and two methods.
final class Account: LuaObject {
    let census: Census?
    var reads = 0
    var name: [UInt8] = Array("ada".utf8)

    init(_ census: Census? = nil) {
        self.census = census
        census?.alive += 1
    }

    deinit { census?.alive -= 1 }

    override class var luaType: LuaObjectType {
        LuaObjectType(name: "account", fields: ["name", "balance"], methods: ["add", "fail"])
    }

    override func read(field: Int, _ frame: inout LuaFrame) throws(LuaError) -> Int {
        reads += 1
        guard field == 0 else { throw LuaError("the balance is secret") }
        try frame.push(name)
        return 1
    }

    override func write(field: Int, _ frame: inout LuaFrame) throws(LuaError) {
        guard field == 0 else { return try super.write(field: field, &frame) }
        guard let bytes = frame.bytes(at: 3) else {
            throw LuaError("account.name takes a string, got \(frame.description(at: 3))")
        }
        name = bytes
    }

    override func readKey(_ frame: inout LuaFrame) throws(LuaError) -> Int {
        guard let number = frame.integer(at: 2) else { return 0 }
        try frame.push(number * 2)
        return 1
    }

    override func call(method: Int, _ frame: inout LuaFrame) throws(LuaError) -> Int {
        guard method == 0 else { throw LuaError("no") }
        guard let first = frame.integer(at: 2), let second = frame.integer(at: 3) else {
            throw LuaError("add takes two integers")
        }
        try frame.push(first + second)
        try frame.push("sum")
        return 2
    }

    override func length(_ frame: inout LuaFrame) throws(LuaError) -> Int { name.count }

    override var luaDescription: String { "account of \(String(decoding: name, as: UTF8.self))" }
}
