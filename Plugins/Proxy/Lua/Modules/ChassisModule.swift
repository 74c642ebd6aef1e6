import LuaVM
import PluginAPI
import Pooling

extension LuaModule {
    /// `chassis`: the log, the process's end and its numbers. Loading it makes `print` write to the log.
    static func chassis(_ services: LuaServices, now: @escaping () -> MonotonicTime) -> LuaModule {
        let module = ChassisModule(
            log: ScriptLog(host: services.host, now: now), host: services.isTrial ? nil : services.host,
            errors: services.errors)
        let levels = LogLevel.allCases.filter { $0 != .error }.map { level in
            (name: "\(level)", body: { frame throws(LuaError) in try module.write(level, 1, &frame) } as LuaFunction)
        }
        return LuaModule(
            name: "chassis", global: "chassis",
            functions: levels + [
                ("log", module.writeAtLevel), ("set_shutdown", module.shutDown), ("get_stats", module.pushStatistics),
                ("mem_profile", module.logMemory),
            ],
            whenLoaded: module.replacePrint)
    }
}

private struct ChassisModule {
    let log: ScriptLog
    /// Nil where the script is only tried, which must leave no traces.
    let host: (any PluginHost)?
    let errors: ScriptErrorCount

    /// Writing a line takes a system call.
    private static let priceOfLine: Int64 = 400

    /// log(level, text)
    func writeAtLevel(_ frame: inout LuaFrame) throws(LuaError) -> Int {
        let name = frame.string(at: 1)
        // "error" is a level like the others: a script's line doesn't end the process, as GLib's did.
        guard let level = LogLevel.allCases.first(where: { "\($0)" == name }) else {
            let names = LogLevel.allCases.map { "\"\($0)\"" }.joined(separator: ", ")
            throw LuaError("chassis.log(level, text): the level is one of \(names), not \(frame.description(at: 1))")
        }
        return try write(level, 2, &frame)
    }

    /// Writes the text at `index` with the line of the script that says it.
    func write(_ level: LogLevel, _ index: Int, _ frame: inout LuaFrame) throws(LuaError) -> Int {
        guard frame.count >= index else { throw LuaError("chassis.\(level): there is no text to log") }
        let text = try frame.chargedText(at: index)
        try frame.charge(Self.priceOfLine)
        log.write(level, frame.callerPosition() + text)
        return 0
    }

    /// set_shutdown()
    func shutDown(_ frame: inout LuaFrame) throws(LuaError) -> Int {
        let position = frame.callerPosition()
        guard let host else {
            log.write(.message, position + "the script is only tried: the process isn't ended")
            return 0
        }
        log.write(.message, position + "the script ends the process")
        host.requestShutdown()
        return 0
    }

    /// get_stats([plugin]): a table of numbers under each plugin's name, or under the given one's only.
    func pushStatistics(_ frame: inout LuaFrame) throws(LuaError) -> Int {
        guard frame.isNil(at: 1) || frame.string(at: 1) == "chassis" else { return 0 }
        try frame.pushTable(fields: 1)
        let all = frame.count
        try frame.pushTable(fields: 5)
        for (name, number) in frame.memoryNumbers { try frame.put(name, number, in: all + 1) }
        try frame.put("lua_errors", errors.total, in: all + 1)
        try frame.popIntoField("chassis", of: all)
        return 1
    }

    /// mem_profile(): logs what this loop's Lua state holds.
    func logMemory(_ frame: inout LuaFrame) throws(LuaError) -> Int {
        let numbers = frame.memoryNumbers.map { "\($0.0)=\($0.1)" }.joined(separator: " ")
        log.write(.message, frame.callerPosition() + "memory of this loop's Lua state: " + numbers)
        return 0
    }

    /// Makes `print` log at level message; the old one stays as os.print.
    func replacePrint(_ frame: inout LuaFrame) throws(LuaError) {
        try frame.pushGlobals()
        let globals = frame.count
        try frame.pushField("os", of: globals)
        // A reload loads the module again, and must not take our print for the old one.
        if try frame.pushField("print", of: globals + 1) == .nil {
            try frame.pushField("print", of: globals)
            try frame.popIntoField("print", of: globals + 1)
        }
        try frame.push(function: printToLog)
        try frame.popIntoField("print", of: globals)
    }

    private func printToLog(_ frame: inout LuaFrame) throws(LuaError) -> Int {
        try frame.charge(Self.priceOfLine)
        var texts: [String] = []
        for index in stride(from: 1, through: frame.count, by: 1) { texts.append(try frame.chargedText(at: index)) }
        log.write(.message, texts.joined(separator: "\t"))
        return 0
    }
}

extension LuaFrame {
    /// What `tostring` makes of a value, charged by its length.
    fileprivate mutating func chargedText(at index: Int) throws(LuaError) -> String {
        let text = try text(at: index)
        try charge(Int64(text.utf8.count / 8))
        return text
    }

    /// What mysql-proxy counted of its Lua state, here of this loop's.
    fileprivate var memoryNumbers: [(String, UInt64)] {
        [
            ("lua_mem_alloc", state.allocations), ("lua_mem_free", state.frees),
            ("lua_mem_bytes", UInt64(state.memoryInUse)), ("lua_mem_bytes_max", UInt64(state.mostMemory)),
        ]
    }
}
