internal import Glibc
public import Streams

extension EndReason {
    /// Whether the connection failed for want of this process's own means: descriptors, local ports, memory.
    public var isOwnShortage: Bool {
        switch self {
        case .failed(let code): [EMFILE, ENFILE, ENOBUFS, ENOMEM, EADDRNOTAVAIL].contains(code)
        case .peerClosed, .connectTimeout, .unresolved: false
        }
    }
}

extension EndReason: CustomStringConvertible {
    /// The reason in the system's words.
    public var description: String {
        switch self {
        case .peerClosed: "it closed the connection"
        case .failed(let code): SystemError.text(of: code)
        case .connectTimeout: "it did not answer in time"
        case .unresolved(let text): "its name has no address: \(text)"
        }
    }
}
