internal import Glibc

/// Sets an integer socket option; the options used here can't fail on a socket of the right family.
func setOption(_ option: Int32, of level: Int32, to value: Int32, on descriptor: Int32) {
    var value = value
    _ = setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
}

/// What every TCP stream has: no delay for small packets, and probes of silent peers.
///
/// Accepted sockets inherit both from their listener on Linux (tcp(7)), which saves two calls a connection.
func setStreamOptions(on descriptor: Int32) {
    setOption(TCP_NODELAY, of: Int32(IPPROTO_TCP), to: 1, on: descriptor)
    setOption(SO_KEEPALIVE, of: SOL_SOCKET, to: 1, on: descriptor)
}

/// The socket's pending error, which this clears; 0 where there is none.
func takeError(of descriptor: Int32) -> Int32 {
    var error: Int32 = 0
    var size = socklen_t(MemoryLayout<Int32>.size)
    guard getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size) == 0 else { return errno }
    return error
}

/// A new non-blocking stream socket that no child process inherits; below 0 with errno where there is none.
func openSocket(family: Int32) -> Int32 {
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    return socket(family, kind, 0)
}
