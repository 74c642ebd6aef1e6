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
