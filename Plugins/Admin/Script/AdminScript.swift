import Dispatch
import Foundation
import LuaVM
import MySQLWire
import PluginAPI

/// `--admin-lua-script`: a script whose `read_query` may answer statements before the tables do, as in mysql-proxy.
///
/// Every session has globals of its own, in one Lua state. Invariant for `@unchecked Sendable`: the state and what
/// belongs to it are used on `work` only, one statement at a time.
final class AdminScript: @unchecked Sendable {
    /// What one statement may cost: about two seconds of Lua, and memory enough for large listings.
    private static let budget = LuaBudget(instructions: 100_000_000, memory: 64 << 20)

    private let work = DispatchQueue(label: "millrace.admin.script")
    private let state: LuaState
    private let chunk: LuaChunk
    private let switchboard: LuaReference
    private var scopes: [UInt32: LuaScope] = [:]

    /// What the script knows of the session.
    struct Client {
        let id: UInt32
        let user: String
        let schema: String
        let address: String
    }

    /// Reads and compiles it, and runs its top level once.
    ///
    /// - Throws: ``OptionError`` with the place of the first fault.
    init(path: String, host: any PluginHost) throws(OptionError) {
        let option = "--admin-lua-script=\(path)"
        guard let source = FileManager.default.contents(atPath: path) else {
            throw OptionError(option: option, reason: "the file can't be read")
        }
        do {
            state = try LuaState(Self.settings(of: path, host.scriptPaths))
            switchboard = try state.installProxy(host.backends)
            chunk = try state.load(Array(source), path: path)
            _ = try scope(of: Client(id: 0, user: "", schema: "", address: ""))
            scopes = [:]
        } catch {
            throw OptionError(option: option, reason: error.message)
        }
    }

    private static func settings(of path: String, _ paths: ScriptPaths) -> LuaSettings {
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        return LuaSettings(
            path: LuaSearchPath(option: paths.luaPath, folders: [folder] + paths.libraryFolders),
            cpath: LuaSearchPath(option: paths.luaCPath), instructionsOption: "the limit of --admin-lua-script",
            memoryOption: "the limit of --admin-lua-script")
    }

    /// What the script answers to a statement; nil where it leaves it to the tables.
    func answer(to statement: [UInt8], of client: Client) throws -> ScriptAnswer? {
        try work.sync {
            do {
                return try run(statement, client)
            } catch let error as LuaError {
                throw SQLError(code: 1105, message: "--admin-lua-script: \(error.message)")
            }
        }
    }

    /// The session is over.
    func forget(_ id: UInt32) {
        work.async { self.scopes[id] = nil }
    }

    private func run(_ statement: [UInt8], _ client: Client) throws(LuaError) -> ScriptAnswer? {
        let scope = try scope(of: client)
        try state.describe(client, in: scope)
        let packet = [Command.query.rawValue] + statement
        let answer = try state.call(
            LuaEntry("read_query", fresh: "response"), in: scope, text: LuaText(packet.span), Self.budget)
        switch answer {
        case .absent, .none, .no, .integer(1): return nil
        case .integer(2):
            return try state.withBudget(Self.budget) { () throws(LuaError) in
                try state.withFrame { frame throws(LuaError) in try frame.scriptAnswer(in: scope.own) }
            }
        case .integer, .number:
            throw LuaError(
                "read_query returned another number than proxy.PROXY_SEND_RESULT; return nothing for the tables' answer"
            )
        }
    }

    /// The session's globals, made by the script's top level when the session's first statement comes.
    private func scope(of client: Client) throws(LuaError) -> LuaScope {
        if let known = scopes[client.id] { return known }
        let own = try state.withFrame { frame throws(LuaError) in
            try frame.pushTable(fields: 2)
            return try frame.popReference()
        }
        let scope = LuaScope(own: own, switchboard: switchboard)
        try state.describe(client, in: scope)
        let environment = try state.makeEnvironment()
        try state.withBudget(Self.budget) { () throws(LuaError) in
            try state.enter(scope)
            try state.run(chunk, in: environment)
        }
        scope.environment = environment
        scopes[client.id] = scope
        return scope
    }
}
