import Glibc
import LuaVM

extension LuaModule {
    /// `glib2`: the few functions of GLib that scripts use.
    static var glib: LuaModule {
        LuaModule(
            name: "glib2", global: "glib2",
            functions: [
                ("usleep", GLibModule.sleep), ("md5", GLibModule.md5), ("get_current_time", GLibModule.currentTime),
            ])
    }
}

private enum GLibModule {
    /// A sleep stops every client of the loop.
    static let longestSleep: Int64 = 10_000
    /// What Lua would have run in a microsecond: the budget ends a script that sleeps on and on.
    static let instructionsPerMicrosecond: Int64 = 40
    /// Microseconds that the system takes longer than it was asked to.
    static let overhead: Int64 = 150

    /// usleep(microseconds)
    static func sleep(_ frame: inout LuaFrame) throws(LuaError) -> Int {
        guard let number = frame.number(at: 1), number >= 0, number <= Double(longestSleep) else {
            throw LuaError(
                "glib2.usleep takes 0 to \(longestSleep) microseconds, not \(frame.description(at: 1)): nobody on this "
                    + "event loop is served meanwhile. To wait for longer, let the server do it: append \"SELECT "
                    + "SLEEP(n)\" to proxy.queries")
        }
        try frame.charge((Int64(number) + overhead) * instructionsPerMicrosecond)
        usleep(UInt32(number))
        return 0
    }

    /// md5(s): in hexadecimal.
    static func md5(_ frame: inout LuaFrame) throws(LuaError) -> Int {
        let text = try frame.bytesArgument(1, "glib2.md5(s): s")
        try frame.charge(200 + Int64(text.count / 2))
        guard let digest = OpenSSLHash.md5(text) else {
            throw LuaError("glib2.md5: this machine's OpenSSL doesn't allow MD5; use password.hash (SHA-1)")
        }
        let digits = Array("0123456789abcdef".utf8)
        try frame.push(digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
        return 1
    }

    /// get_current_time(): {tv_sec, tv_usec} since 1970.
    static func currentTime(_ frame: inout LuaFrame) throws(LuaError) -> Int {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        try frame.pushTable(fields: 2)
        let table = frame.count
        try frame.put("tv_sec", time.tv_sec, in: table)
        try frame.put("tv_usec", time.tv_nsec / 1_000, in: table)
        return 1
    }
}
