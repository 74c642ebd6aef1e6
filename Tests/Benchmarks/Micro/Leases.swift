import Benchmark
import Pooling

/// The lease book: who gets which connection.
func leases() {
    measure("leases.16-on-16") {
        try Lessees(sessions: 16, connections: 16).turn
    }
    measure("leases.500-on-10") {
        try Lessees(sessions: 500, connections: 10).turn
    }
}

/// Sessions of which one gives its connection back and asks for the next statement's, one after another.
private final class Lessees {
    private var book: LeaseBook
    private var steps: [LeaseStep] = []
    private var ticket: UInt64 = 0
    private var now = MonotonicTime(nanoseconds: 1_000_000_000)
    /// The grants that are out, from `first` on, in their order.
    private var granted: [LeaseGrant] = []
    private var first = 0

    struct NotGranted: Error {}

    init(sessions: Int, connections: Int) throws {
        var policy = LeasePolicy()
        policy.maximum = connections
        book = LeaseBook(policy: policy, loops: 1, seed: 1)
        for session in 0..<sessions { ask(SessionID(UInt64(session))) }
        guard granted.count == connections else { throw NotGranted() }
    }

    func turn() {
        let grant = granted[first]
        first += 1
        if first == 64 {
            granted.removeFirst(first)
            first = 0
        }
        now = now + TimeSpan(nanoseconds: 20_000)
        book.returned(grant.connection, used: TimeSpan(nanoseconds: 200_000), now: now, &steps)
        obey()
        ask(grant.session, last: grant.connection)
    }

    private func ask(_ session: SessionID, last: ConnectionID? = nil) {
        ticket += 1
        let request = LeaseRequest(
            session: session, user: UserID(0), loop: LoopID(0), ticket: ticket, arrived: now, last: last)
        book.requested(request, now: now, &steps)
        obey()
    }

    private func obey() {
        var at = 0
        while at < steps.count {
            switch steps[at] {
            case .grant(let grant): granted.append(grant)
            case .open(let connection, _, _): book.opened(connection, now: now, &steps)
            case .close, .ping, .refuse: break
            }
            at += 1
        }
        steps.removeAll(keepingCapacity: true)
    }
}
