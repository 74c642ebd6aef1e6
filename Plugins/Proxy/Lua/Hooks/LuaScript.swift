import Glibc
import LuaVM
import PluginAPI

/// A script's text, read and compiled once at the start, so that mistakes show before the first client.
package struct LuaScript: Sendable {
    /// Where the script is, as the option names it.
    package let path: String
    /// The text.
    let source: [UInt8]
    /// The script's file and those of the modules that it has required so far.
    let files = ScriptFiles()

    /// Reads and compiles a script.
    ///
    /// - Throws: ``OptionError`` with the file, and the line that isn't Lua.
    package init(reading path: String) throws {
        self.path = path
        files.opened(path)
        source = try Self.read(path)
        do {
            _ = try LuaState().load(source, path: path)
        } catch {
            throw OptionError(option: "--proxy-lua-script", reason: error.message)
        }
    }

    private static func read(_ path: String) throws -> [UInt8] {
        guard let file = fopen(path, "rbe") else { throw failure(path) }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = fread(&block, 1, block.count, file)
            bytes.append(contentsOf: block[..<count])
            if count < block.count { break }
        }
        guard ferror(file) == 0 else { throw failure(path) }
        return bytes
    }

    private static func failure(_ path: String) -> OptionError {
        let reason = String(cString: strerror(errno))
        return OptionError(
            option: "--proxy-lua-script",
            reason: "can't read '\(path)': \(reason); give the path of a readable Lua file")
    }
}

/// What a failing script means for the client.
package enum LuaFailurePolicy: String, CaseIterable, Sendable {
    /// The traffic goes on as if the script had no opinion.
    case pass
    /// The client gets an ERR.
    case refuse
}

/// How scripts run.
package struct LuaLimits: Sendable {
    /// Instructions of Lua a hook.
    package var instructions: Int64
    /// Bytes that a hook may allocate, and that its response or its queries may have.
    package var memory: Int64
    /// Bytes that an answer may have which is kept for a hook.
    package var result: Int64 = 1 << 26
    /// What follows from an error.
    package var onError: LuaFailurePolicy
}
