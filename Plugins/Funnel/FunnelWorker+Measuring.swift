import PluginAPI
import Pooling
import Telemetry

// What this loop counts and measures, by backend and user.

extension FunnelWorker {
    /// Records that a phase has lasted until now.
    func measure(_ phase: FunnelPhase, _ connection: BackendConnection, since begin: MonotonicTime?) {
        guard let begin else { return }
        let span = loop.now.since(begin)
        numbers.update(backend: connection.pool.index, user: connection.user) { numbers in
            numbers.latencies.record(phase, span)
        }
    }

    /// Records how long a statement has waited for its connection. No wait at all is recorded with its answer, where that
    /// costs next to nothing.
    func measureWait(_ connection: BackendConnection, since arrived: MonotonicTime) {
        if connection.lentAt > arrived { measure(.backlogWait, connection, since: arrived) }
    }

    /// Records a statement whose answer is complete, and is not one that is asked for again.
    func measureAnswer(_ connection: BackendConnection, to running: RunningCommand) {
        let (arrived, sent, now) = (running.arrived, connection.sentAt, connection.lastByteAt)
        let firstByte = connection.firstByteAt ?? now
        let hasWaited = connection.lentAt > arrived
        numbers.update(backend: connection.pool.index, user: connection.user) { numbers in
            numbers.counters.statements += 1
            numbers.counters.sentBytes += connection.sentBytes
            numbers.counters.receivedBytes += connection.receivedBytes
            if !hasWaited { numbers.latencies.record(.backlogWait, .zero) }
            numbers.latencies.record(.backendTime, firstByte.since(sent))
            numbers.latencies.record(.transfer, now.since(firstByte))
            numbers.latencies.record(.total, now.since(arrived))
        }
    }

    /// Counts one of the things that are done for a statement.
    func count(_ counter: WritableKeyPath<FunnelCounters, Int>, _ connection: BackendConnection) {
        numbers.update(backend: connection.pool.index, user: connection.user) { numbers in
            numbers.counters[keyPath: counter] += 1
        }
    }
}

/// One loop's part of a report.
private struct LoopShare: Sendable {
    let numbers: LoopNumbers
    let pinned: [PinnedSession]
    let now: MonotonicTime

    init(_ worker: FunnelWorker) {
        numbers = worker.numbers
        pinned = worker.pinnedSessions
        now = worker.loop.now
    }
}

extension FunnelWorker {
    /// The sessions of this loop that keep their connection between statements.
    fileprivate var pinnedSessions: [PinnedSession] {
        allConnections.compactMap { connection in
            guard !connection.pins.isEmpty, let session = connection.session else { return nil }
            return PinnedSession(
                client: UInt64(session.connectionID), user: session.userName,
                backend: "\(connection.pool.backend.endpoint)", pins: connection.pins,
                held: loop.now.since(connection.lentAt))
        }
    }
}

extension Funnel {
    /// Gathers the numbers of all loops into one line of JSON.
    func report(_ completion: @escaping @Sendable (String?) -> Void) {
        gather({ LoopShare($0) }) { [self] shares in completion(try? report(shares).jsonLine()) }
    }

    /// The numbers of all loops; without what the loops have counted where one doesn't answer. The caller's thread waits.
    func reportNow() -> FunnelReport { report(gathered { LoopShare($0) } ?? []) }

    private func report(_ shares: [LoopShare]) -> FunnelReport {
        let now = shares.map(\.now).max() ?? MonotonicTime(nanoseconds: 0)
        return FunnelReport(
            backends: pools.map { pool in
                (name: "\(pool.backend.endpoint)", leases: pool.look { LeaseReport(book: $0, now: now) })
            },
            users: users.all.map { Array($0.user.utf8) }, loops: shares.map(\.numbers),
            connectBacklog: admission.look { ConnectBacklogReport(backlog: $0, now: now) },
            pinned: shares.flatMap(\.pinned))
    }
}
