internal import Glibc

/// Why a stream ended.
public enum EndReason: Equatable, Sendable {
    /// The peer closed its side in an orderly way.
    case peerClosed
    /// The system reported an error: its errno, for instance ECONNRESET or ECONNREFUSED.
    case failed(errno: Int32)
    /// The connection did not come about in time.
    case connectTimeout
    /// The host name has no address; the text is the resolver's.
    case unresolved(String)
}

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
