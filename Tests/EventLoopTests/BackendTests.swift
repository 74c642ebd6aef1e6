import EventLoop
import Glibc
import Pooling
import Testing

@Suite("What loops run on", .timeLimit(.minutes(10)))
struct BackendTests {
    @Test("auto takes io_uring where it is allowed", .enabled(if: EveryBackend.allowed.contains(.ioUring)))
    func auto() throws {
        let opened = try SocketLoop.open(count: 2, on: .auto)
        #expect(opened.loops.map(\.backend) == [.ioUring, .ioUring])
        #expect(opened.loops.map(\.index) == [0, 1])
        #expect(opened.obstacle == nil)
    }

    @Test("epoll is taken where it is asked for")
    func epoll() throws {
        let opened = try SocketLoop.open(count: 1, on: .epoll)
        #expect(opened.loops.map(\.backend) == [.epoll])
        #expect(opened.obstacle == nil)
    }

    /// io_uring_setup, io_uring_enter, io_uring_register: their numbers are the same on every architecture.
    @Test("where the system forbids io_uring, auto takes epoll and tells why", arguments: [425, 426, 427])
    func forbidden(call: Int) async {
        // In a process of its own, since what is forbidden once stays forbidden.
        await #expect(processExitsWith: .success) { [call = call as Int] in
            #expect(forbid(call))
            let opened = try SocketLoop.open(count: 2, on: .auto)
            #expect(opened.loops.map(\.backend) == [.epoll, .epoll])
            #expect(opened.obstacle?.errno == EPERM)
            let error = #expect(throws: SystemError.self) { try SocketLoop.open(count: 1, on: .ioUring) }
            #expect(error?.errno == EPERM)
            #expect(error?.description.contains("--io-backend=epoll") == true)

            let rig = try Rig(on: .auto)
            let endpoint = try await rig.serve { Probe.echo() }
            let client = blockingClient(port: endpoint.port)
            var byte: UInt8 = 7
            #expect(write(client, &byte, 1) == 1)
            byte = 0
            #expect(read(client, &byte, 1) == 1)
            #expect(byte == 7)
            close(client)
        }
    }
}

/// Makes a system call fail with EPERM from now on, as containers do, in this thread and those that it starts.
private func forbid(_ call: Int) -> Bool {
    // See seccomp(2): load the call's number, compare it, return an errno or allow.
    let program: [(code: UInt16, whenTrue: UInt8, whenFalse: UInt8, value: UInt32)] = [
        (0x20, 0, 0, 0), (0x15, 0, 1, UInt32(call)),
        (0x06, 0, 0, 0x0005_0000 | UInt32(EPERM)), (0x06, 0, 0, 0x7fff_0000),
    ]
    // prctl(2) takes a variable number of arguments, which Swift does not call.
    typealias Prctl = @convention(c) (Int32, UInt, UInt, UInt, UInt) -> Int32
    guard let symbol = dlsym(nil, "prctl") else { return false }
    let prctl = unsafeBitCast(symbol, to: Prctl.self)
    let (noNewPrivileges, setFilter, filterMode) = (Int32(38), Int32(22), UInt(2))
    return program.withUnsafeBytes { steps in
        let header: [UInt] = [UInt(program.count), UInt(bitPattern: steps.baseAddress)]
        return header.withUnsafeBytes { header in
            prctl(noNewPrivileges, 1, 0, 0, 0) == 0
                && prctl(setFilter, filterMode, UInt(bitPattern: header.baseAddress), 0, 0) == 0
        }
    }
}
