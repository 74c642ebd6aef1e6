import MySQLWire
import PluginAPI
import Pooling
import ProxyCore

/// The copies of one loop's statements that go to other hostgroups, each in a session of its own.
final class MirrorQueue {
    private unowned let worker: FunnelWorker
    private var waiting: [MirrorCopy] = []
    private var first = 0
    private var running: [ObjectIdentifier: MirrorSession] = [:]
    private var hasEnded = false

    init(worker: FunnelWorker) {
        self.worker = worker
    }

    private var gate: MirrorGate { worker.funnel.mirrors }

    /// Takes a copy of a statement of the session's, which goes on as if there were none.
    func take(_ statement: MirroredStatement, of session: FunnelSession) {
        // What it has set and nobody has read yet is on a connection of its own.
        guard !hasEnded, session.settings.unread.isEmpty else { return }
        let copy = MirrorCopy(statement, of: session)
        switch gate.arrived(on: worker.index, bytes: statement.text.count) {
        case .run: run(copy)
        case .wait: waiting.append(copy)
        case .drop: break
        }
    }

    /// The turn has come of the copy that has waited longest.
    func runNext() {
        guard !hasEnded, first < waiting.count else { return goOn() }
        let copy = waiting[first]
        first += 1
        if first == waiting.count || first > 256 {
            waiting.removeFirst(first)
            first = 0
        }
        run(copy)
    }

    private func run(_ copy: MirrorCopy) {
        let mirror = MirrorSession(copy, on: worker) { [unowned self] in ended($0) }
        running[ObjectIdentifier(mirror)] = mirror
        // In a turn of its own: the statement that it is a copy of goes first.
        worker.loop.schedule(at: worker.loop.now) { [unowned self] in
            if running[ObjectIdentifier(mirror)] != nil { mirror.begin() }
        }
    }

    private func ended(_ mirror: MirrorSession) {
        running[ObjectIdentifier(mirror)] = nil
        goOn()
    }

    /// A place has come free: it goes to whoever has waited longest.
    private func goOn() {
        guard let loop = gate.ended() else { return }
        worker.funnel.loops.post(to: loop) { $0.mirrors.runNext() }
    }

    /// The loop ends: no copy is run any more.
    func end() {
        hasEnded = true
        waiting = []
        first = 0
        for mirror in running.values { mirror.end() }
    }
}

/// A statement for another hostgroup, with what its session had set.
struct MirrorCopy {
    let statement: MirroredStatement
    let who: ClientUser
    let capabilities: Capabilities
    let settings: SessionSettings
    let usualHostgroup: Int?
    let status: StatusFlags

    init(_ statement: MirroredStatement, of session: FunnelSession) {
        self.statement = statement
        who = session.who
        capabilities = session.capabilities
        settings = session.settings
        usualHostgroup = session.session.defaultHostgroup
        status = session.status.intersection(.ofSession).subtracting([.inTransaction, .inReadOnlyTransaction])
    }
}
