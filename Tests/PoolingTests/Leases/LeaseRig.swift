import Pooling

/// A book, and its steps in words, so that tests read like transcripts.
final class LeaseRig {
    private var book: LeaseBook
    private(set) var now = MonotonicTime(nanoseconds: 1_000_000_000_000)
    private(set) var waiters: [Int: WaiterID] = [:]
    /// Connections by their number in the order of their permissions, from 1 on.
    private(set) var connections: [ConnectionID] = []
    private var ticket: UInt64 = 0
    private var steps: [LeaseStep] = []

    init(loops: Int = 2, _ change: (inout LeasePolicy) -> Void = { _ in }) {
        var policy = LeasePolicy()
        change(&policy)
        book = LeaseBook(policy: policy, loops: loops, seed: 1)
    }

    var isContended: Bool { book.isContended }
    var waiting: Int { book.waiting }
    var oldestWait: TimeSpan { book.oldestWait(now: now) }
    var nextDue: MonotonicTime? { book.nextDue }
    var statistics: LeaseStatistics { book.statistics }
    func statistics(of user: Int) -> LeaseStatistics { book.statistics(of: UserID(user)) }
    func oldestWait(of user: Int) -> TimeSpan { book.oldestWait(of: UserID(user), now: now) }
    var holdings: LeaseHoldings { book.holdings }
    var letsKeep: Bool { book.letsKeep }
    var connectionCounts: StateCounts { book.connectionCounts }

    // MARK: Events

    /// A session asks; its number is its id. `ticket` where it is not the next one, `last` the connection it had last.
    func request(
        _ session: Int, user: Int = 0, of account: Int? = nil, loop: Int = 0, ticket: UInt64? = nil, last: Int? = nil,
        state: StateFit = .unknown
    ) -> [String] {
        self.ticket += 10
        let request = LeaseRequest(
            session: SessionID(UInt64(session)), user: UserID(user), account: account.map { UserID($0) },
            loop: LoopID(loop), ticket: ticket ?? self.ticket, arrived: now, last: last.map { connections[$0 - 1] },
            state: state)
        waiters[session] = book.requested(request, now: now, &steps)
        return words()
    }

    func cancel(_ session: Int) -> (Bool, [String]) {
        guard let waiter = waiters[session] else { return (false, []) }
        return (book.cancelled(waiter, now: now, &steps), words())
    }

    func returned(
        _ number: Int, used: TimeSpan = .milliseconds(1), state: StateFit = .unknown
    ) -> [String] {
        book.returned(connections[number - 1], used: used, state: state, now: now, &steps)
        return words()
    }

    /// The session has used the connection so many times without a word, and not at all since then.
    func kept(_ number: Int, times: Int, used: TimeSpan = .milliseconds(1), state: StateFit = .unknown) {
        let id = connections[number - 1]
        book.kept(id, times: times, used: used)
        book.rested(id, used: used, state: state, since: now)
    }

    func isLeased(_ number: Int) -> Bool { book.isLeased(connections[number - 1]) }

    /// Tells an event that has no more than a connection to it.
    func tell(_ event: Event, _ number: Int) -> [String] {
        let id = connections[number - 1]
        switch event {
        case .opened: book.opened(id, now: now, &steps)
        case .closed: book.closed(id, now: now, &steps)
        case .lost: book.lost(id, now: now, &steps)
        case .checked: book.checked(id, now: now, &steps)
        case .discarded: book.discarded(id, used: .zero, now: now, &steps)
        case .backendFailed: book.openFailed(id, .backend, now: now, &steps)
        case .userFailed: book.openFailed(id, .user, now: now, &steps)
        }
        return words()
    }

    enum Event {
        case opened
        case closed
        case lost
        case checked
        case discarded
        case backendFailed
        case userFailed
    }

    func pin(_ number: Int, _ reason: PinReason) { book.pinned(connections[number - 1], reason) }

    func unpin(_ number: Int, _ reason: PinReason) { book.unpinned(connections[number - 1], reason) }

    /// Lets time pass, and tells it.
    func pass(_ span: TimeSpan) -> [String] {
        now = now + span
        book.timePassed(now: now, &steps)
        return words()
    }

    func down() { book.backendDown(now: now) }

    func up() -> [String] {
        book.backendUp(now: now, &steps)
        return words()
    }

    func probe() -> Bool { book.probeBegins() }

    func probed() -> [String] {
        book.probeEnded(now: now, &steps)
        return words()
    }

    func drain() -> [String] {
        book.drained(now: now, &steps)
        return words()
    }

    func undrain() -> [String] {
        book.undrained(now: now, &steps)
        return words()
    }

    func pause() { book.paused() }

    func unpause() -> [String] {
        book.unpaused(now: now, &steps)
        return words()
    }

    func recall(_ number: Int, by session: Int) -> Bool {
        book.recalled(connections[number - 1], by: SessionID(UInt64(session)))
    }

    func forgetPeaks() { book.peaksForgotten() }

    func warm(user: Int) -> [String] {
        book.warmed(for: UserID(user), now: now, &steps)
        return words()
    }

    func change(_ change: (inout LeasePolicy) -> Void) -> [String] {
        var policy = book.policy
        change(&policy)
        book.policyChanged(to: policy, now: now, &steps)
        return words()
    }

    /// Gives so many sessions from `first` on a connection each, opened on their loop.
    func lease(_ sessions: Range<Int>, user: Int = 0, loop: Int = 0) {
        for session in sessions {
            _ = request(session, user: user, loop: loop)
            _ = tell(.opened, connections.count)
        }
    }

    // MARK: Words

    private func words() -> [String] {
        defer { steps = [] }
        return steps.map { word($0) }
    }

    private func word(_ step: LeaseStep) -> String {
        switch step {
        case .grant(let grant):
            let place = grant.source == grant.loop ? "" : " from loop \(grant.source.number)"
            let own = grant.isOwn ? " own" : ""
            return "\(grant.session.number)@\(grant.loop.number) gets\(own) \(number(grant.connection))\(place)"
        case .open(let id, let user, let loop):
            connections.append(id)
            return "open \(number(id)) for user \(user.number)@\(loop.number)"
        case .close(let id, let loop, let reason): return "close \(number(id))@\(loop.number): \(reason)"
        case .ping(let id, let loop): return "ping \(number(id))@\(loop.number)"
        case .refuse(let refusal): return "\(refusal.session.number)@\(refusal.loop.number) refused: \(refusal.reason)"
        }
    }

    private func number(_ id: ConnectionID) -> String {
        connections.lastIndex(of: id).map { "c\($0 + 1)" } ?? "unknown"
    }
}
