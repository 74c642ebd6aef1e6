import Glibc
import LuaVM
import Testing

@testable import ProxyPlugin

@Suite("glib2")
struct GLibModuleTests {
    let rig: ModuleRig

    init() throws { rig = try ModuleRig() }

    @Test("md5 is in hexadecimal")
    func md5() {
        #expect(rig.show("glib2.md5('abc')") == "900150983cd24fb0d6963f7d28e17f72")
        #expect(rig.show("glib2.md5('')") == "d41d8cd98f00b204e9800998ecf8427e")
        #expect(rig.show("glib2.md5(nil)").contains("glib2.md5(s): s must be a string"))
    }

    @Test("the time is the clock's")
    func time() throws {
        let now = try rig.run("local t = glib2.get_current_time() return t.tv_sec + t.tv_usec / 1e6")
        #expect(abs((Double(now) ?? 0) - Double(Glibc.time(nil))) < 30)
        #expect(rig.show("glib2.get_current_time().tv_usec < 1000000") == "true")
    }

    @Test("a short sleep sleeps, a long one is an error that says what to do")
    func sleep() throws {
        let slept = try rig.run(
            """
            local function now() local t = glib2.get_current_time() return t.tv_sec * 1e6 + t.tv_usec end
            local begin = now()
            glib2.usleep(3000)
            return now() - begin
            """)
        #expect((Double(slept) ?? 0) >= 3_000)
        #expect(rig.show("glib2.usleep(10001)").contains("takes 0 to 10000 microseconds, not 10001"))
        #expect(rig.show("glib2.usleep(-1)").contains("SELECT SLEEP(n)"))
        #expect(rig.show("glib2.usleep(0/0)").contains("takes 0 to 10000"))
        #expect(rig.show("glib2.usleep('x')").contains("takes 0 to 10000"))
    }

    @Test("many short sleeps use the budget up")
    func sleeps() {
        let error = #expect(throws: LuaError.self) {
            try rig.run("while true do glib2.usleep(1000) end", [], LuaBudget(instructions: 500_000, memory: 1 << 20))
        }
        #expect(error?.kind == .budget)
    }
}

@Suite("posix")
struct PosixModuleTests {
    let rig: ModuleRig

    init() throws { rig = try ModuleRig() }

    @Test("process and user are this one's")
    func ids() {
        #expect(rig.show("posix.getpid()") == "\(getpid())")
        #expect(rig.show("posix.getuid()") == "\(getuid())")
    }

    @Test("a user's entry has five fields; who doesn't exist is nil")
    func users() {
        #expect(rig.show("posix.getpwuid(0).name") == "root")
        #expect(rig.show("posix.getpwuid(0).uid .. posix.getpwuid(0).gid .. posix.getpwuid(0).dir") == "00/root")
        #expect(rig.show("type(posix.getpwuid(0).shell)") == "string")
        #expect(rig.show("posix.getpwuid(3999999999)") == "nil")
        #expect(rig.show("posix.getpwuid(-1)").contains("the uid must be an integer from 0 to 4294967295, not -1"))
    }

    @Test("kill sends a signal, or says why not")
    func signals() throws {
        #expect(rig.show("posix.kill(posix.getpid(), 0)") == "0")
        let child = sleeper()
        #expect(rig.show("posix.kill(\(child), 9)") == "0")
        var status: Int32 = 0
        #expect(waitpid(child, &status, 0) == child && status & 0x7F == SIGKILL)
        #expect(rig.show("table.concat({ posix.kill(\(child), 9) }, ' ')") == "-1 No such process 3")
        #expect(rig.show("posix.kill('x', 9)").contains("posix.kill(pid, sig): the pid must be an integer"))
        #expect(rig.show("posix.kill(1, 65)").contains("the signal must be an integer from 0 to 64, not 65"))
    }

    /// A process that sleeps until it is killed.
    private func sleeper() -> pid_t {
        var child: pid_t = 0
        let words: [UnsafeMutablePointer<CChar>?] = [strdup("sleep"), strdup("60"), nil]
        defer { for word in words { free(word) } }
        #expect(posix_spawnp(&child, "sleep", nil, nil, words, environ) == 0)
        return child
    }
}
