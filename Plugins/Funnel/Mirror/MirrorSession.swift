import MySQLWire
import PluginAPI
import Pooling
import ProxyCore

/// A session without a client, which runs one copy of a statement; its answer is read to the end and dropped.
final class MirrorSession: LocalClient {
    private let session: FunnelSession
    private let copy: MirrorCopy
    private let worker: FunnelWorker
    private let onEnd: (MirrorSession) -> Void
    private var scanner: ResultScanner
    /// What the scanner wants to see again with more behind it.
    private var rest: [UInt8] = []
    private var isEnding = false

    init(_ copy: MirrorCopy, on worker: FunnelWorker, onEnd: @escaping (MirrorSession) -> Void) {
        (self.copy, self.worker, self.onEnd) = (copy, worker, onEnd)
        let known = Session(
            id: worker.funnel.nextErrand().number, slot: 0, generation: 0, clientAddress: "mirror",
            listenerAddress: "mirror")
        known.hostgroup = copy.statement.hostgroup
        known.defaultHostgroup = copy.usualHostgroup
        known.orders.timeout = copy.statement.timeout
        known.orders.retries = 0
        session = FunnelSession(known, on: worker)
        scanner = ResultScanner(capabilities: copy.capabilities)
    }

    /// Sends the statement.
    func begin() {
        session.mirrors(copy, for: self)
        worker.enter(session)
        var writer = PacketWriter()
        writer.append([Command.query.rawValue] + copy.statement.text)
        let packets = writer.take()
        scanner.commandSent(.query, lastSequence: packets.span.lastSequence)
        session.received(packets.span)
    }

    func deliver(_ bytes: Span<UInt8>) {
        guard !isEnding else { return }
        if rest.isEmpty { return take(bytes) }
        bytes.withUnsafeBufferPointer { rest.append(contentsOf: $0) }
        let whole = rest
        rest = []
        take(whole.span)
    }

    private func take(_ bytes: Span<UInt8>) {
        let step = scanner.received(bytes)
        guard step.event == .more else { return end() }
        bytes.extracting(step.consumed...).withUnsafeBufferPointer { rest.append(contentsOf: $0) }
    }

    func deliver(_ bytes: Span<UInt8>, whole summary: ResultSummary) { end() }

    func drained() {}

    func hangUp() { end() }

    /// Nothing more is wanted; the session is in the middle of saying something, and ends behind it.
    func end() {
        guard !isEnding else { return }
        isEnding = true
        worker.loop.schedule(at: worker.loop.now) { [self] in
            session.ended()
            onEnd(self)
        }
    }
}

extension FunnelSession {
    /// Makes a session that nobody has logged in to what another one is that has sent a statement.
    fileprivate func mirrors(_ copy: MirrorCopy, for client: any LocalClient) {
        self.client = client
        who = copy.who
        capabilities = copy.capabilities
        (loginSettings, settings) = (copy.settings, copy.settings)
        status = copy.status
        phase = .ready
    }
}
