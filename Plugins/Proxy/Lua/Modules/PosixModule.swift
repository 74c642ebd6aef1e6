import Glibc
import LuaVM

extension LuaModule {
    /// `posix`: processes and users.
    static var posix: LuaModule {
        LuaModule(
            name: "posix", global: "posix",
            functions: [
                ("getpid", PosixModule.processID), ("getuid", PosixModule.userID), ("getpwuid", PosixModule.user),
                ("kill", PosixModule.signal),
            ])
    }
}

private enum PosixModule {
    /// getpid()
    static func processID(_ frame: inout LuaFrame) throws(LuaError) -> Int {
        try frame.push(Int(getpid()))
        return 1
    }

    /// getuid()
    static func userID(_ frame: inout LuaFrame) throws(LuaError) -> Int {
        try frame.push(Int(getuid()))
        return 1
    }

    /// getpwuid(uid): {name, uid, gid, dir, shell}, or nil where there is no such user.
    ///
    /// Reads /etc/passwd, or asks whatever nsswitch.conf names: for a script's top level, not for a hook.
    static func user(_ frame: inout LuaFrame) throws(LuaError) -> Int {
        let uid = try frame.integerArgument(1, "posix.getpwuid(uid): the uid", in: UInt32.min...UInt32.max)
        try frame.charge(5_000)
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 16_384)
        while getpwuid_r(uid, &entry, &buffer, buffer.count, &found) == ERANGE, buffer.count < 1 << 20 {
            buffer = [CChar](repeating: 0, count: buffer.count * 2)
        }
        guard found != nil else { return 0 }
        return try push(entry, &frame)
    }

    private static func push(_ entry: passwd, _ frame: inout LuaFrame) throws(LuaError) -> Int {
        try frame.pushTable(fields: 5)
        let table = frame.count
        for (name, text) in [("name", entry.pw_name), ("dir", entry.pw_dir), ("shell", entry.pw_shell)] {
            guard let text else { continue }
            try frame.push(String(cString: text))
            try frame.popIntoField(name, of: table)
        }
        try frame.put("uid", entry.pw_uid, in: table)
        try frame.put("gid", entry.pw_gid, in: table)
        return 1
    }

    /// kill(pid, sig): 0; or -1, the system's words and its error number.
    static func signal(_ frame: inout LuaFrame) throws(LuaError) -> Int {
        let process = try frame.integerArgument(1, "posix.kill(pid, sig): the pid", in: Int32.min...Int32.max)
        let number = try frame.integerArgument(2, "posix.kill(pid, sig): the signal", in: 0...Int32(64))
        let answer = kill(process, number)
        let reason = errno
        try frame.push(Int(answer))
        guard answer != 0 else { return 1 }
        try frame.push(String(cString: strerror(reason)))
        try frame.push(Int(reason))
        return 3
    }
}
