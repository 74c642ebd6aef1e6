import LuaVM
import Pooling

/// `proxy.shared`: a dictionary that the scripts of all loops share, with the functions get, set, add, incr and keys.
///
/// They may be called as methods as well, `proxy.shared:get("x")`.
struct LuaShared {
    let dictionary: SharedDictionary
    /// The loop's clock.
    let now: () -> MonotonicTime

    private typealias Function = (LuaShared) -> (SharedCall, inout LuaFrame) throws(LuaError) -> Int

    private static var functions: [(String, Function)] {
        [("get", get), ("set", set), ("add", add), ("incr", incr), ("keys", keys)]
    }

    /// Pushes the table with the functions.
    func push(on frame: inout LuaFrame) throws(LuaError) {
        try frame.pushTable(fields: Self.functions.count)
        let table = frame.count
        for (name, function) in Self.functions {
            let body = function(self)
            try frame.push(function: { frame throws(LuaError) in
                try body(SharedCall(name: name, isMethod: frame.kind(at: 1) == .table), &frame)
            })
            try frame.popIntoField(name, of: table)
        }
    }

    private func get(_ call: SharedCall, _ frame: inout LuaFrame) throws(LuaError) -> Int {
        try push(dictionary.get(try call.key(frame), now: now()), &frame)
    }

    private func set(_ call: SharedCall, _ frame: inout LuaFrame) throws(LuaError) -> Int {
        let (key, value, end) = (try call.key(frame), try call.value(2, frame), try end(call, 3, frame))
        do {
            try dictionary.set(key, value, until: end, now: now())
        } catch {
            throw failure(error, call)
        }
        return 0
    }

    private func add(_ call: SharedCall, _ frame: inout LuaFrame) throws(LuaError) -> Int {
        let (key, value, end) = (try call.key(frame), try call.value(2, frame), try end(call, 3, frame))
        guard let value else { throw LuaError("proxy.shared.add(key, value [, seconds]): the value is nil") }
        let isNew: Bool
        do {
            isNew = try dictionary.add(key, value, until: end, now: now())
        } catch {
            throw failure(error, call)
        }
        return try push(.boolean(isNew), &frame)
    }

    private func incr(_ call: SharedCall, _ frame: inout LuaFrame) throws(LuaError) -> Int {
        let (key, end) = (try call.key(frame), try end(call, 4, frame))
        let amount = try call.number(2, frame) ?? .integer(1)
        let initial = try call.number(3, frame) ?? .integer(0)
        let sum: SharedDictionary.Value
        do {
            sum = try dictionary.increment(key, by: amount, initial: initial, until: end, now: now())
        } catch {
            throw failure(error, call)
        }
        return try push(sum, &frame)
    }

    private func keys(_ call: SharedCall, _ frame: inout LuaFrame) throws(LuaError) -> Int {
        let keys = dictionary.keys(prefix: frame.bytes(at: call.position(1)) ?? [], now: now())
        try frame.pushTable(elements: keys.count)
        let table = frame.count
        for (index, key) in keys.enumerated() {
            try frame.push(key)
            try frame.popIntoElement(index + 1, of: table)
        }
        return 1
    }

    private func push(_ value: SharedDictionary.Value?, _ frame: inout LuaFrame) throws(LuaError) -> Int {
        switch value {
        case .bytes(let bytes): try frame.push(bytes)
        case .integer(let integer): try frame.push(integer)
        case .number(let number): try frame.push(number)
        case .boolean(let boolean): try frame.push(boolean)
        case nil: try frame.pushNil()
        }
        return 1
    }

    /// When a value that lasts so many seconds is over; nil for one that stays.
    private func end(_ call: SharedCall, _ argument: Int, _ frame: borrowing LuaFrame) throws(LuaError)
        -> MonotonicTime?
    {
        let index = call.position(argument)
        guard !frame.isNil(at: index) else { return nil }
        guard let seconds = frame.number(at: index), seconds > 0, seconds < 1e9 else {
            throw LuaError("proxy.shared.\(call.name): the seconds must be a number above 0")
        }
        return now() + .seconds(seconds)
    }

    private func failure(_ failure: SharedDictionary.Failure, _ call: SharedCall) -> LuaError {
        switch failure {
        case .full:
            LuaError(
                "proxy.shared.\(call.name): it holds its \(dictionary.capacity) bytes; set fewer keys, let them expire, or "
                    + "raise --proxy-lua-shared-memory")
        case .notANumber: LuaError("proxy.shared.incr: the key holds a value that isn't a number")
        }
    }
}

/// The arguments of one call, which may have the dictionary itself in front.
struct SharedCall {
    let name: String
    let isMethod: Bool

    /// Where an argument, counted from 1, is on the frame.
    func position(_ argument: Int) -> Int { isMethod ? argument + 1 : argument }

    func key(_ frame: borrowing LuaFrame) throws(LuaError) -> [UInt8] {
        guard let key = frame.bytes(at: position(1)) else {
            throw LuaError("proxy.shared.\(name): the key must be a string, not \(frame.description(at: position(1)))")
        }
        return key
    }

    /// nil for nil.
    func value(_ argument: Int, _ frame: borrowing LuaFrame) throws(LuaError) -> SharedDictionary.Value? {
        let index = position(argument)
        switch frame.kind(at: index) {
        case .nil, .none: return nil
        case .boolean: return .boolean(frame.isTrue(at: index))
        case .string: return .bytes(frame.bytes(at: index) ?? [])
        case .number: return try number(argument, frame)
        case .table, .function, .userdata, .lightUserdata, .thread:
            throw LuaError(
                "proxy.shared.\(name): the value is \(frame.description(at: index)): "
                    + "give a string, a number, true, false or nil")
        }
    }

    func number(_ argument: Int, _ frame: borrowing LuaFrame) throws(LuaError) -> SharedDictionary.Value? {
        let index = position(argument)
        guard !frame.isNil(at: index) else { return nil }
        if frame.isInteger(at: index), let integer = frame.integer(at: index) { return .integer(integer) }
        guard let number = frame.number(at: index) else {
            throw LuaError("proxy.shared.\(name): \(frame.description(at: index)) is not a number")
        }
        return .number(number)
    }
}
