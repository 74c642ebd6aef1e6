import Glibc
import Testing

@testable import Chassis

@Suite("The pid file")
struct ProcessPidFileTests {
    let folder = ScratchFolder()
    var path: String { folder.path + "/pid" }

    @Test("it is written whole, readable by all, and removed at the end")
    func life() throws {
        let file = try PidFile(path: path)
        #expect(folder.names.isEmpty)
        try file.write()
        #expect(folder.read("pid") == "\(getpid())\n")
        #expect(folder.mode("pid") == 0o644)
        #expect(folder.names == ["pid"])
        try file.remove()
        #expect(folder.names.isEmpty)
    }

    @Test("another process's file stays")
    func other() throws {
        let file = try PidFile(path: path)
        try file.write()
        folder.write("pid", "1\n")
        try file.remove()
        #expect(folder.names == ["pid"])
    }

    @Test("a dead process's file can be removed by another one")
    func removingDead() throws {
        folder.write("pid", "\(getpid())\n")
        PidFile.removeDead(at: path)
        #expect(folder.names == ["pid"])
        folder.write("pid", "2147483647\n")
        PidFile.removeDead(at: path)
        #expect(folder.names.isEmpty)
    }

    @Test("a dead, foreign or torn file is replaced", arguments: ["1\n", "2147483647\n", "abc", "-5", ""])
    func stale(_ text: String) throws {
        folder.write("pid", text)
        try PidFile(path: path).write()
        #expect(folder.read("pid") == "\(getpid())\n")
    }

    @Test("a folder that isn't there is an error with the reason")
    func unwritable() {
        #expect { try PidFile(path: "/nowhere/pid").write() } throws: { "\($0)".contains("No such file") }
    }
}

@Suite("The service manager")
struct ProcessNotifierTests {
    @Test("hears of readiness and the end, on a path or an abstract name", arguments: [false, true])
    func notifying(isAbstract: Bool) throws {
        let folder = ScratchFolder()
        let name = isAbstract ? "@millrace-\(getpid())-\(UInt32.random(in: 0 ... .max))" : folder.path + "/notify"
        let receiver = try bound(to: name)
        defer { close(receiver) }
        let notifier = try #require(ServiceNotifier(socket: name))
        notifier.ready()
        notifier.stopping()
        #expect(received(receiver) == "READY=1\nMAINPID=\(getpid())\n")
        #expect(received(receiver) == "STOPPING=1\n")
    }

    @Test("a name that is no socket makes no notifier")
    func noSocket() {
        #expect(ServiceNotifier(socket: "relative") == nil)
        #expect(ServiceNotifier(socket: "") == nil)
        #expect(ServiceNotifier(socket: "/" + String(repeating: "x", count: 108)) == nil)
    }

    private func bound(to name: String) throws -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = name.utf8.map { $0 == UInt8(ascii: "@") ? 0 : $0 }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let length = socklen_t(2 + bytes.count)
        let code = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
        }
        try #require(code == 0)
        return descriptor
    }

    private func received(_ descriptor: Int32) -> String {
        var bytes = [UInt8](repeating: 0, count: 256)
        let count = recv(descriptor, &bytes, bytes.count, Int32(MSG_DONTWAIT))
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }
}

@Suite("Start-up reports and signals")
struct ProcessReportTests {
    @Test("a parent hears of success, failure and silence")
    func outcomes() throws {
        #expect(try outcome { $0.succeeded() } == .succeeded)
        #expect(try outcome { $0.failed("port in use") } == .failed("port in use"))
        #expect(try outcome { _ in } == .silent)
        #expect(
            try outcome {
                $0.succeeded()
                $0.failed("too late")
            } == .succeeded)
    }

    /// Plays parent and child in one process, on duplicates of the pipe's ends.
    private func outcome(_ tell: (StartupReport) -> Void) throws -> StartupPipe.Outcome {
        let pipe = try StartupPipe()
        let report = StartupReport(descriptor: dup(pipe.writing))
        tell(report)
        report.abandon()
        return pipe.outcome()
    }

    @Test("a watch hears of wake-ups and of the end of its time")
    func waking() throws {
        let watch = try SignalWatch([.user2])
        #expect(watch.wait(milliseconds: 0) == .timedOut)
        watch.wake()
        watch.wake()
        #expect(watch.wait() == .woken)
        #expect(watch.wait(milliseconds: 0) == .timedOut)
    }

    @Test("a watch hears a signal sent to its thread")
    func signals() throws {
        let watch = try SignalWatch([.user2])
        pthread_kill(pthread_self(), SIGUSR2)
        #expect(watch.wait(milliseconds: 5000) == .signal(.user2))
    }
}
