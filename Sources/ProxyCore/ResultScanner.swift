public import MySQLWire

/// Finds the end of the server's answer to a command from packet headers and a few first bytes.
///
/// Feed it what the server sends; it says how much of it belongs to the answer and may be relayed, and what comes next.
/// It never waits for more than 28 bytes, and it never consumes a byte past the end of the answer.
///
/// Source: MySQL client/server protocol, "Command Phase"; MariaDB knowledge base, "Clientserver Protocol".
public struct ResultScanner: BitwiseCopyable, Equatable, Sendable {
    // In an order that leaves no gaps: every session has a scanner.
    /// What the answer told so far; sending a command or a login begins a new one.
    public internal(set) var summary = ResultSummary()
    /// The id that the server's next packet must have.
    public internal(set) var sequence: UInt8 = 0
    /// Whether the answer told the server's status; an ERR alone, and a few texts, don't.
    public internal(set) var hasStatus = false

    let capabilities: Capabilities
    /// Bytes of the present packet's payload that haven't come yet: less than 16 MB.
    private var missing: UInt32 = 0
    /// Column or parameter definitions still to come.
    var definitions: UInt32 = 0
    let deprecatesEOF: Bool
    var phase = Phase.idle
    /// What to report when the present packet, with all its continuations, has gone by.
    var pending = Pending.nothing
    /// Whether the next packet carries on the payload of the one before.
    var isContinued = false
    /// Whether the present packet, or the one that it carries on, is a row.
    var isRow = false
    /// Whether the result at hand may open a cursor instead of sending its rows.
    var mayOpenCursor = false
    /// Whether definitions follow the count: servers may leave them out where that was negotiated.
    var hasDefinitions = true

    /// Bytes of the present packet's payload that haven't come yet.
    var remaining: Int {
        get { Int(missing) }
        set { missing = UInt32(truncatingIfNeeded: newValue) }
    }

    /// A scanner for a connection on which these flags were negotiated: those that client and server both set.
    public init(capabilities: Capabilities) {
        self.capabilities = capabilities
        deprecatesEOF = capabilities.contains(.deprecateEOF)
    }

    /// A command went to the server; `lastSequence` is the id of its last packet.
    ///
    /// Not to be called for commands that have no answer (``Command/hasNoAnswer``).
    public mutating func commandSent(_ command: Command, lastSequence: UInt8) {
        begin(Phase(answering: command), after: lastSequence)
        mayOpenCursor = command == .execute
    }

    /// A login went to the server; `lastSequence` is the id of its last packet.
    public mutating func loginSent(lastSequence: UInt8) {
        begin(.login, after: lastSequence)
    }

    /// The client did what ``ScanEvent/localInfile`` or ``ScanEvent/authContinues`` asked for, and the answer goes on.
    public mutating func clientAnswered(lastSequence: UInt8) {
        sequence = lastSequence &+ 1
    }

    /// The answer is known without having been scanned.
    mutating func answered(_ summary: ResultSummary) {
        self.summary = summary
        hasStatus = true
        phase = .idle
    }

    private mutating func begin(_ phase: Phase, after lastSequence: UInt8) {
        self.phase = phase
        sequence = lastSequence &+ 1
        summary = ResultSummary()
        hasStatus = false
        pending = .nothing
        isContinued = false
        isRow = false
        remaining = 0
        mayOpenCursor = false
        hasDefinitions = true
    }

    /// Whether a packet may begin here: nothing is missing of the one before.
    public var isAtPacketBorder: Bool { remaining == 0 && !isContinued }

    /// Bytes came from the server, beginning where the previous call's `consumed` left off.
    ///
    /// Consumed bytes belong to the answer and may be relayed at once. The others are to be presented again: with more
    /// behind them after ``ScanEvent/more``, to the next command's answer after the end. After a violation nothing
    /// sensible can follow on this connection.
    public mutating func received(_ bytes: Span<UInt8>) -> ScanStep {
        var at = walkResult(bytes)
        if at > 0, phase == .idle { return ScanStep(consumed: at, event: .ended) }
        while true {
            at += skipPayload(bytes.count - at)
            if remaining > 0 { return ScanStep(consumed: at, event: .more) }
            if !isContinued {
                if let event = takePending() { return finish(event, consumed: at, of: bytes.count) }
                at = walk(bytes, from: at)
            }
            guard at < bytes.count, let header = PacketHeader(bytes, at: at) else {
                return ScanStep(consumed: at, event: .more)
            }
            do {
                guard try accept(header, bytes, at: at) else { return ScanStep(consumed: at, event: .more) }
            } catch {
                phase = .idle
                return ScanStep(consumed: at, event: .violation(error))
            }
            at += PacketHeader.size
        }
    }

    mutating func skipPayload(_ available: Int) -> Int {
        let count = min(remaining, available)
        remaining -= count
        return count
    }

    mutating func takePending() -> ScanEvent? {
        defer { pending = .nothing }
        switch pending {
        case .nothing: return nil
        case .localInfile: return .localInfile
        case .authContinues: return .authContinues
        case .ended:
            phase = .idle
            return .ended
        case .endless: return .endless
        }
    }

    /// A stream without an end takes all bytes at hand: nothing behind them belongs to anything else.
    private mutating func finish(_ event: ScanEvent, consumed: Int, of count: Int) -> ScanStep {
        guard event == .endless else { return ScanStep(consumed: consumed, event: event) }
        pending = .endless
        return ScanStep(consumed: count, event: event)
    }
}
