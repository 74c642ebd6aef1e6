public import MySQLWire
public import Pooling
public import ProxyCore

/// What became of a command that statement hooks were asked about.
public struct AnswerView {
    /// Where the answer is from.
    public enum Origin: BitwiseCopyable, Sendable {
        /// The session's backend, or a server inside the process that stands in its place.
        case backend
        /// A statement hook.
        case plugin
        /// Nobody: the command was never sent, since the client left, or there is no backend.
        case nobody
    }

    /// The command's first byte, of what was sent.
    public let command: Command
    /// Whether a plugin has injected the command.
    public let isInjected: Bool
    /// Where the answer is from.
    public let origin: Origin
    /// The backend that the session was connected to, or that its ``LocalServer`` has named; nil unless the origin is
    /// the backend.
    public let backend: Backend?
    /// Whether the answer came to its end, or the command has none; false where the backend, the client or a timeout
    /// ended it before, so that ``summary`` tells of a part.
    public let isComplete: Bool
    /// What the result scanner has learned of the answer.
    public let summary: ResultSummary
    /// The ERR with which the backend's answer ended; nil without one, and where its packet came in pieces.
    public let error: SQLError?
    /// Bytes of the answer that have come, packet headers included.
    public let bytes: UInt64
    /// When the statement hooks were asked about it.
    public let asked: MonotonicTime
    /// When it was sent; nil where it wasn't.
    public let sent: MonotonicTime?
    /// When the first byte of the backend's answer came; nil where none did.
    public let firstByte: MonotonicTime?
    /// When the last byte of the answer came, or its end was certain.
    public let lastByte: MonotonicTime
    /// The backend's answer, where a hook wanted it (``StatementOrders/keptBytes``), it is complete, not longer than
    /// that, and no dialogue (LOAD DATA LOCAL, COM_CHANGE_USER).
    public let kept: KeptAnswer?

    /// What became of a command.
    @inlinable @inline(__always)
    package init(
        command: Command, isInjected: Bool, origin: Origin, backend: Backend?, isComplete: Bool,
        summary: ResultSummary, error: SQLError? = nil, bytes: UInt64, asked: MonotonicTime, sent: MonotonicTime?,
        firstByte: MonotonicTime?,
        lastByte: MonotonicTime, kept: KeptAnswer?
    ) {
        self.command = command
        self.isInjected = isInjected
        self.origin = origin
        self.backend = backend
        self.isComplete = isComplete
        self.summary = summary
        self.error = error
        self.bytes = bytes
        self.asked = asked
        self.sent = sent
        self.firstByte = firstByte
        self.lastByte = lastByte
        self.kept = kept
    }
}

/// A whole answer, as it went to a client.
public struct KeptAnswer: Sendable {
    /// Its packets, headers included, numbered as the backend's were.
    public let packets: [UInt8]
    /// What the packets are framed for: only clients that have agreed on the same (``Session/capabilities``) may get
    /// them.
    public let capabilities: Capabilities

    /// An answer of whole packets.
    package init(packets: [UInt8], capabilities: Capabilities) {
        self.packets = packets
        self.capabilities = capabilities
    }
}
