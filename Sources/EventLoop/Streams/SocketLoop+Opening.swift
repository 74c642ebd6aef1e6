internal import CRing
internal import Glibc

extension SocketLoop {
    /// What opening loops has come to.
    public struct Opened {
        /// One loop an index, all of the same kind, so that streams can move between them.
        public let loops: [SocketLoop]
        /// Why `auto` has not taken io_uring; nil where it has, or something else was asked for.
        public let obstacle: SystemError?
    }

    /// Opens so many loops; their indices count from 0.
    ///
    /// - Parameter scratchBytes: the size of the memory that all streams of a loop receive into, one after the other.
    /// - Throws: the system's error, for instance where io_uring was asked for and is forbidden.
    public static func open(
        count: Int, on backend: IOBackend, scratchBytes: Int = 256 * 1024
    ) throws(SystemError) -> Opened {
        switch backend {
        case .epoll: return Opened(loops: try epollLoops(count, scratchBytes), obstacle: nil)
        case .ioUring: return Opened(loops: try ringLoops(count, scratchBytes), obstacle: nil)
        case .auto:
            do {
                return Opened(loops: try ringLoops(count, scratchBytes), obstacle: nil)
            } catch {
                return Opened(loops: try epollLoops(count, scratchBytes), obstacle: error)
            }
        }
    }

    private static func epollLoops(_ count: Int, _ scratchBytes: Int) throws(SystemError) -> [SocketLoop] {
        var loops: [SocketLoop] = []
        for index in 0..<count { loops.append(try EpollLoop(index: index, scratchBytes: scratchBytes)) }
        return loops
    }

    /// A container may allow to open a ring and forbid to use it, so one is used first.
    private static func ringLoops(_ count: Int, _ scratchBytes: Int) throws(SystemError) -> [SocketLoop] {
        let status = cring_try()
        guard status == 0 else { throw SystemError(errno: status, call: "io_uring") }
        var loops: [SocketLoop] = []
        for index in 0..<count { loops.append(try RingLoop(index: index, scratchBytes: scratchBytes)) }
        return loops
    }
}
