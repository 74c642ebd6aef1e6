internal import Glibc

/// Tells the service manager how far we are, by the protocol of sd_notify(3).
struct ServiceNotifier {
    private let path: String

    /// A notifier for the socket that the environment names; nil where there is none.
    init?() {
        guard let name = getenv("NOTIFY_SOCKET") else { return nil }
        self.init(socket: String(cString: name))
    }

    /// A notifier for a socket's path, or for an abstract name, which begins with `@`.
    init?(socket path: String) {
        // sun_path has 108 bytes.
        guard path.hasPrefix("/") || path.hasPrefix("@"), path.utf8.count < 108 else { return nil }
        self.path = path
    }

    /// The ports are open.
    func ready() { send("READY=1\nMAINPID=\(getpid())\n") }

    /// The process drains.
    func stopping() { send("STOPPING=1\n") }

    private func send(_ state: String) {
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var name = Array(path.utf8)
        let isAbstract = name[0] == UInt8(ascii: "@")
        if isAbstract { name[0] = 0 }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
        // An abstract name has no NUL at its end: the length tells where it stops.
        let offset = MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? 2
        let length = socklen_t(offset + name.count + (isAbstract ? 0 : 1))
        let bytes = Array(state.utf8)
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                // Nobody listening is the manager's affair, not ours.
                _ = sendto(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL), $0, length)
            }
        }
    }
}
