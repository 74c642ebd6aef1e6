import MySQLWire
import PluginAPI
import Pooling
import ProxyCore

/// How far the statement under way has come: what the statement hooks have made of it, and what came of its answer.
///
/// One a session, and only where a plugin has statement or answer hooks; it is used again for every statement.
final class StatementProgress {
    enum Phase {
        /// There is none.
        case none
        /// The hooks are asked, or one of them wants to wait.
        case asking
        /// It goes to the backend, once that is ready for it.
        case decided
        /// It is sent, and its answer awaited.
        case sent
    }

    private(set) var phase = Phase.none
    /// Whether a plugin has injected it.
    private(set) var isInjected = false
    /// The first byte of what was asked about, and of what is sent.
    private(set) var original = Command.sleep
    private(set) var command = Command.sleep
    /// The place of the hook that is to be asked next.
    private(set) var next = 0
    /// The packets of the client's command, while a hook wants to wait.
    var held: [UInt8] = []
    /// What goes to the backend in place of what was asked about, framed; empty where nothing does.
    private(set) var packets: [UInt8] = []
    /// What the hook that waits wants to have sent when the time has come.
    private var delayed: [UInt8]?

    private var asked = MonotonicTime(nanoseconds: 0)
    private var sentAt = MonotonicTime(nanoseconds: 0)
    private var firstByteAt: MonotonicTime?
    private var bytes: UInt64 = 0
    /// The ERR that the answer ended with.
    private var error: SQLError?
    /// When its backend must have answered; nil for any time.
    private(set) var deadline: MonotonicTime?
    /// What is kept of the answer, and the most bytes of it; 0 where nothing is to be kept any more.
    private var kept: [UInt8] = []
    private var keptLimit = 0

    /// Whether there is none under way.
    var isIdle: Bool { phase == .none }

    // MARK: The hooks

    /// A command is to be asked about.
    func begin(_ command: Command, isInjected: Bool, now: MonotonicTime) {
        phase = .asking
        self.isInjected = isInjected
        original = command
        self.command = command
        asked = now
    }

    /// The hook at hand has spoken.
    func hookAsked() { next += 1 }

    /// Something else goes to the backend.
    func replace(with payload: [UInt8]) {
        guard let first = payload.first else { return }
        command = Command(rawValue: first)
        packets = .packets(of: payload)
    }

    /// The hook at hand wants to wait.
    func delay(sending payload: [UInt8]?) { delayed = payload }

    /// The hook that waited has waited long enough: its word counts, and the next one is asked.
    func delayEnded() {
        if let delayed { replace(with: delayed) }
        delayed = nil
        next += 1
    }

    /// All hooks were asked.
    func decided() {
        phase = .decided
        if !held.isEmpty { held = [] }
    }

    // MARK: The answer

    /// It goes to the backend, now.
    ///
    /// - Parameter timeout: how long the answer may take; nil where that is somebody else's concern.
    func sent(now: MonotonicTime, timeout: TimeSpan?, keptLimit: Int) {
        phase = .sent
        sentAt = now
        deadline = timeout.map { now + $0 }
        self.keptLimit = keptLimit
    }

    /// Bytes of the answer have come, which has come to the given state by them.
    func answered(_ piece: Span<UInt8>, _ state: ConnectionState, now: MonotonicTime) {
        if firstByteAt == nil { firstByteAt = now }
        bytes &+= UInt64(piece.count)
        guard keptLimit > 0 else { return }
        let isDialogue = state != .readQueryResult && state != .readQuery && state != .closed
        guard !isDialogue, piece.count <= keptLimit - kept.count else {
            keptLimit = 0
            kept = []
            return
        }
        piece.withUnsafeBufferPointer { kept.append(contentsOf: $0) }
    }

    /// The answer has ended with an ERR, which is the last of these packets.
    func failed(_ packets: Span<UInt8>) {
        var offset = 0
        while let header = PacketHeader(packets, at: offset), header.packetLength < packets.count - offset {
            offset += header.packetLength
        }
        guard let header = PacketHeader(packets, at: offset), header.packetLength == packets.count - offset else {
            return
        }
        error = (try? ErrorPacket(decoding: packets.extracting((offset + PacketHeader.size)...)))?.error
    }

    /// What became of it; there is none any more.
    ///
    /// - Parameter backend: where the answer is from, if it is a backend's.
    @inline(__always)
    func ended(
        _ end: End, backend: consuming Backend?, capabilities: Capabilities, now: MonotonicTime
    ) -> AnswerView {
        let isOfBackend = end.origin == .backend
        let isKept = isOfBackend && end.isComplete && !kept.isEmpty
        let view = AnswerView(
            command: command, isInjected: isInjected, origin: end.origin, backend: backend,
            isComplete: end.isComplete, summary: end.summary, error: isOfBackend ? error : nil,
            bytes: end.bytes ?? bytes, asked: asked, sent: phase == .sent ? sentAt : nil, firstByte: firstByteAt,
            lastByte: now,
            kept: isKept ? KeptAnswer(packets: kept, capabilities: capabilities) : nil)
        reset()
        return view
    }

    /// How a statement has ended.
    struct End {
        var origin: AnswerView.Origin
        var isComplete: Bool
        var summary: ResultSummary
        /// Bytes of an answer that is no backend's.
        var bytes: UInt64?
    }

    /// Whether bytes of an answer came.
    var isAnswerBegun: Bool { firstByteAt != nil }

    private func reset() {
        phase = .none
        next = 0
        firstByteAt = nil
        bytes = 0
        deadline = nil
        delayed = nil
        keptLimit = 0
        // Assigning costs a release each.
        if error != nil { error = nil }
        if !held.isEmpty { held = [] }
        if !packets.isEmpty { packets = [] }
        if !kept.isEmpty { kept = [] }
    }
}
