internal import Glibc
public import Pooling

/// A system call that failed where nothing can go on without it: opening a listener, a poller, a thread.
public struct SystemError: Error, Equatable, Sendable {
    /// The system's error number, or 0 where ``detail`` says it all.
    public let errno: Int32
    /// The call that failed, for instance `bind`.
    public let call: String
    /// The address it was about, if any.
    public let endpoint: Endpoint?
    /// What the system says.
    public let detail: String

    /// The failure of `call`; `detail` stands for the text of `errno` where there is a better one.
    public init(errno: Int32, call: String, endpoint: Endpoint? = nil, detail: String? = nil) {
        self.errno = errno
        self.call = call
        self.endpoint = endpoint
        self.detail = detail ?? Self.text(of: errno)
    }

    /// The system's words for an errno, for instance `No such file or directory`; callable from every thread.
    public static func text(of code: Int32) -> String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard strerror_r(code, &buffer, buffer.count) == 0 else { return "error \(code)" }
        return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// The failure that `call` has just left in errno.
    static func last(_ call: String, _ endpoint: Endpoint? = nil) -> Self {
        Self(errno: Glibc.errno, call: call, endpoint: endpoint)
    }
}

extension SystemError: CustomStringConvertible {
    /// What failed, where, why, and what to do about it.
    public var description: String {
        let place = endpoint.map { "can't listen on \($0): " } ?? ""
        return "\(place)\(detail) (\(call))\(advice.map { ". " + $0 } ?? "")"
    }

    private var advice: String? {
        if call.hasPrefix("io_uring") {
            return "Choose --io-backend=epoll; or have Linux 6.1 on, sysctl kernel.io_uring_disabled=0 and a container "
                + "that allows io_uring"
        }
        return switch errno {
        case EADDRINUSE: "Another process listens there: stop it, or choose another address"
        case EACCES, EPERM: "This user may not do that: choose a port above 1023 or a writable folder, or start as root"
        case EADDRNOTAVAIL: "This machine has no such address: choose one of its own, or leave the host empty for all"
        case ENOENT, ENOTDIR: "The folder of the socket does not exist: create it, or choose another path"
        case EMFILE, ENFILE: "No file descriptors are left: raise --max-open-files or the limit of the system"
        case ENAMETOOLONG: "A unix socket's path has at most 106 bytes"
        default: nil
        }
    }
}
